// What every handler finds: exact decimals, and the shape that a handler must have. Runs before it, in the guest.
(function () {
  'use strict'

  const asyncPrototypes = [
    Object.getPrototypeOf(async function () {}),
    Object.getPrototypeOf(async function* () {}),
    Object.getPrototypeOf(function* () {}),
  ]
  const { getPrototypeOf, keys, freeze, hasOwn } = Object
  const { stringify } = JSON
  const { literal, isFirst, enterPartition, record } = globalThis

  /** A number that a double would not give back, or one that was asked for with `decimal(…)`: mantissa × 10^-scale. */
  class Decimal {
    constructor(mantissa, scale, literal) {
      this.literal = literal ?? written(mantissa, scale)
      parts.set(this, { mantissa, scale })
      freeze(this)
    }
    plus(other) {
      const [a, b, scale] = aligned(this, other)
      return new Decimal(a + b, scale)
    }
    minus(other) {
      const [a, b, scale] = aligned(this, other)
      return new Decimal(a - b, scale)
    }
    times(other) {
      const [a, b] = [parts.get(this), parts.get(decimal(other))]
      return new Decimal(a.mantissa * b.mantissa, a.scale + b.scale)
    }
    /** Less than zero, zero or more than zero, as this is less than, equal to or more than the other. */
    compare(other) {
      const [a, b] = aligned(this, other)
      return a < b ? -1 : a > b ? 1 : 0
    }
    equals(other) {
      return this.compare(other) === 0
    }
    toNumber() {
      return Number(this.literal)
    }
    toString() {
      return this.literal
    }
    toJSON() {
      return this.toNumber()
    }
    [Symbol.toPrimitive](hint) {
      if (hint === 'string') return this.literal
      throw new TypeError(
        `${this.literal} is more exact than a number of JavaScript: compute with plus, minus and times, or ask for toNumber()`,
      )
    }
  }
  const parts = new WeakMap()
  const mostDigits = 2000

  function written(mantissa, scale) {
    const digits = (mantissa < 0n ? -mantissa : mantissa).toString().padStart(scale + 1, '0')
    if (digits.length > mostDigits) throw new RangeError(`the exact result has more than ${mostDigits} digits`)
    const sign = mantissa < 0n ? '-' : ''
    return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`
  }

  function aligned(one, other) {
    const [a, b] = [parts.get(one), parts.get(decimal(other))]
    const scale = a.scale > b.scale ? a.scale : b.scale
    return [a.mantissa * 10n ** BigInt(scale - a.scale), b.mantissa * 10n ** BigInt(scale - b.scale), scale]
  }

  /** The exact decimal of a number, a BigInt, a text or a decimal. */
  function decimal(value) {
    if (parts.has(value)) return value
    if (typeof value === 'bigint') return new Decimal(value, 0)
    const text = typeof value === 'number' ? (literal(value) ?? String(value)) : typeof value === 'string' ? value : ''
    const found = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text)
    if (!found) throw new TypeError(`no decimal number: ${text || typeof value}`)
    const [, sign, whole, fraction = '', power = '0'] = found
    let scale = fraction.length - Number(power)
    if (scale > mostDigits || scale < -mostDigits) throw new RangeError(`the number has more than ${mostDigits} digits`)
    let mantissa = BigInt(whole + fraction)
    if (scale < 0) {
      mantissa *= 10n ** BigInt(-scale)
      scale = 0
    }
    return new Decimal(sign ? -mantissa : mantissa, scale)
  }

  /** One that stands in a payload. What it is worth is found out only when it is computed with. */
  function literalDecimal(text) {
    try {
      const { mantissa, scale } = parts.get(decimal(text))
      return new Decimal(mantissa, scale, text)
    } catch {
      const kept = Object.create(Decimal.prototype)
      kept.literal = text
      return freeze(kept)
    }
  }

  const refused = (message, at) => ({ refused: message, handlers: at })
  const waits = (value) => typeof value === 'function' && asyncPrototypes.includes(getPrototypeOf(value))

  /** What the default export of a module says. */
  function module(made) {
    if (made === null || typeof made !== 'object') {
      return refused('the module needs `export default { initial, on }`')
    }
    const known = ['initial', 'on', 'unhandled']
    const odd = keys(made).find((name) => !known.includes(name))
    if (odd !== undefined) {
      return refused(`the handler has an unknown member \`${odd}\`; it may have ${known.join(', ')}`, made[odd])
    }
    const { initial, on, unhandled = 'warn' } = made
    if (initial !== undefined && typeof initial !== 'function') {
      return refused('`initial` must be a function that returns the state before the first event')
    }
    if (waits(initial)) return refused('`initial` must not be async: handlers do not wait', initial)
    if (on === null || typeof on !== 'object') return refused('`on` must be an object: event type → function(state, event)')
    if (!['ignore', 'warn', 'error'].includes(unhandled)) {
      return refused("`unhandled` must be 'ignore', 'warn' or 'error'")
    }
    const handlers = []
    const types = {}
    for (const type of keys(on)) {
      const handler = on[type]
      if (handler === null) {
        types[type] = -1
        continue
      }
      if (typeof handler !== 'function') {
        return refused(`\`on.${type}\` must be a function, or null to ignore the type`)
      }
      if (waits(handler)) {
        return refused(`\`on.${type}\` must be a plain function: handlers do not wait, and the state would be lost`, handler)
      }
      types[type] = handlers.push(handler) - 1
    }
    return { initial, handlers, about: stringify({ types: keys(types).map((type) => [type, types[type]]), unhandled }) }
  }

  Object.defineProperty(globalThis, 'decimal', { value: decimal })
  freeze(Decimal.prototype)
  return { decimal: literalDecimal, decimalPrototype: Decimal.prototype, module, isFirst, enterPartition, record }
})()
