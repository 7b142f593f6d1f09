// What every handler finds: exact decimals, and the shape that a handler must have. Runs before it, in the guest.
(function () {
  'use strict'

  const asyncPrototypes = [
    Object.getPrototypeOf(async function () {}),
    Object.getPrototypeOf(async function* () {}),
    Object.getPrototypeOf(function* () {}),
  ]
  const { getPrototypeOf, keys, freeze, hasOwn, preventExtensions } = Object
  const { round } = Math
  const { isFinite } = Number
  const { stringify } = JSON
  const { literal, isFirst, enterPartition, record } = globalThis

  // What is written when a state is looked at must not run what a handler left on prototypes.
  const uncurried = Function.prototype.bind.bind(Function.prototype.call)
  const [padStart, slice] = [uncurried(String.prototype.padStart), uncurried(String.prototype.slice)]
  const asText = String

  let isDecimal, partsOf

  /** A number that a double would not give back, or one that was asked for with `decimal(…)`: mantissa × 10^-scale. */
  class Decimal {
    #mantissa
    #scale
    #literal
    constructor(mantissa, scale, literal) {
      this.#mantissa = mantissa
      this.#scale = scale
      // What is only on the way to another number is never written. What may be too long is found out at once.
      const isShort = scale < mostDigits / 2 && mantissa < most && mantissa > least
      this.#literal = literal ?? (isShort ? undefined : written(mantissa, scale))
      preventExtensions(this)
    }
    static {
      isDecimal = (value) => typeof value === 'object' && value !== null && #mantissa in value
      partsOf = (value) => ({ mantissa: value.#mantissa, scale: value.#scale })
    }
    get literal() {
      return #mantissa in this ? (this.#literal ??= written(this.#mantissa, this.#scale)) : undefined
    }
    plus(other) {
      const it = decimal(other)
      if (this.#scale === it.#scale) return new Decimal(this.#mantissa + it.#mantissa, this.#scale)
      const [a, b, scale] = aligned(this, it)
      return new Decimal(a + b, scale)
    }
    minus(other) {
      const it = decimal(other)
      if (this.#scale === it.#scale) return new Decimal(this.#mantissa - it.#mantissa, this.#scale)
      const [a, b, scale] = aligned(this, it)
      return new Decimal(a - b, scale)
    }
    times(other) {
      const it = decimal(other)
      return new Decimal(this.#mantissa * it.#mantissa, this.#scale + it.#scale)
    }
    /** Less than zero, zero or more than zero, as this is less than, equal to or more than the other. */
    compare(other) {
      const [a, b] = aligned(this, decimal(other))
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
  const mostDigits = 2000
  const most = 10n ** 900n
  const least = -most
  /** Powers of ten that a double holds. */
  const powers = Array.from({ length: 15 }, (_, power) => 10 ** power)

  function written(mantissa, scale) {
    const digits = padStart(asText(mantissa < 0n ? -mantissa : mantissa), scale + 1, '0')
    if (digits.length > mostDigits) throw new RangeError(`the exact result has more than ${mostDigits} digits`)
    const sign = mantissa < 0n ? '-' : ''
    return scale === 0 ? sign + digits : `${sign}${slice(digits, 0, -scale)}.${slice(digits, -scale)}`
  }

  function aligned(one, other) {
    const [a, b] = [partsOf(one), partsOf(other)]
    const scale = a.scale > b.scale ? a.scale : b.scale
    return [a.mantissa * 10n ** BigInt(scale - a.scale), b.mantissa * 10n ** BigInt(scale - b.scale), scale]
  }

  /** The exact decimal of a number, a BigInt, a text or a decimal. */
  function decimal(value) {
    if (typeof value === 'number') {
      const text = literal(value) ?? String(value)
      return ofShort(value, text) ?? ofText(text)
    }
    if (isDecimal(value)) return value
    if (typeof value === 'bigint') return new Decimal(value, 0)
    if (typeof value === 'string') return ofText(value)
    throw new TypeError(`no decimal number: ${typeof value}`)
  }

  /** The decimal of a number that is written with so few digits that a double times a power of ten still has them all. */
  function ofShort(number, text) {
    if (text.length > 15 || text.includes('e') || text.includes('E') || !isFinite(number)) return undefined
    const point = text.indexOf('.')
    if (point < 0) return new Decimal(BigInt(number), 0)
    const scale = text.length - point - 1
    return new Decimal(BigInt(round(number * powers[scale])), scale)
  }

  function ofText(text) {
    const found = /^(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?(?:[eE]([+-]?[0-9]+))?$/.exec(text)
    if (!found) throw new TypeError(`no decimal number: ${text || 'string'}`)
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
      const { mantissa, scale } = partsOf(ofText(text))
      return new Decimal(mantissa, scale, text)
    } catch {
      return preventExtensions(Object.create(Decimal.prototype, { literal: { value: text } }))
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
