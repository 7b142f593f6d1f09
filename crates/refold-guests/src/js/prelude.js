// What every handler finds: exact decimals, and the shape that a handler must have. Runs before it, in the guest.
(function () {
  'use strict'

  const asyncPrototypes = [
    Object.getPrototypeOf(async function () {}),
    Object.getPrototypeOf(async function* () {}),
    Object.getPrototypeOf(function* () {}),
  ]
  const { getPrototypeOf, keys, freeze, hasOwn, preventExtensions, defineProperty } = Object
  const { isArray } = Array
  const { round } = Math
  const { isFinite } = Number
  const { stringify } = JSON
  const { literal, isFirst, enterPartition, record } = globalThis
  // Decimals of at most 18 digits, which the engine computes with itself, and what computes with them.
  const { shortOf, shortParts, shortLiteral } = globalThis
  const short = { plus: globalThis.plus, minus: globalThis.minus, times: globalThis.times, compare: globalThis.compare }

  // What is written when a state is looked at must not run what a handler left on prototypes.
  const uncurried = Function.prototype.bind.bind(Function.prototype.call)
  const [padStart, slice] = [uncurried(String.prototype.padStart), uncurried(String.prototype.slice)]
  const functionText = uncurried(Function.prototype.toString)
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
      this.#literal = literal ?? (isShort ? undefined : asWritten(mantissa, scale))
      preventExtensions(this)
    }
    static {
      isDecimal = (value) =>
        typeof value === 'object' && value !== null && (#mantissa in value || shortParts(value) !== undefined)
      partsOf = (value) => {
        const parts = shortParts(value)
        return parts ? { mantissa: parts[0], scale: parts[1] } : { mantissa: value.#mantissa, scale: value.#scale }
      }
    }
    get literal() {
      const written = shortLiteral(this)
      if (written !== undefined) return written
      return #mantissa in this ? (this.#literal ??= asWritten(this.#mantissa, this.#scale)) : undefined
    }
    plus(other) {
      const [a, b, scale] = aligned(this, decimal(other))
      return made(a + b, scale)
    }
    minus(other) {
      const [a, b, scale] = aligned(this, decimal(other))
      return made(a - b, scale)
    }
    times(other) {
      const it = partsOf(decimal(other))
      const { mantissa, scale } = partsOf(this)
      return made(mantissa * it.mantissa, scale + it.scale)
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

  function made(mantissa, scale) {
    return shortOf(mantissa, scale) ?? new Decimal(mantissa, scale)
  }

  function asWritten(mantissa, scale) {
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
    if (typeof value === 'bigint') return made(value, 0)
    if (typeof value === 'string') return ofText(value)
    throw new TypeError(`no decimal number: ${typeof value}`)
  }

  /** The decimal of a number that is written with so few digits that a double times a power of ten still has them all. */
  function ofShort(number, text) {
    if (text.length > 15 || text.includes('e') || text.includes('E') || !isFinite(number)) return undefined
    const point = text.indexOf('.')
    if (point < 0) return made(BigInt(number), 0)
    const scale = text.length - point - 1
    return made(BigInt(round(number * powers[scale])), scale)
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
    return made(sign ? -mantissa : mantissa, scale)
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
  const isRecord = (value) => value !== null && typeof value === 'object' && !isArray(value)
  const waits = (value) => typeof value === 'function' && asyncPrototypes.includes(getPrototypeOf(value))
  /** Also where the key is `__proto__`. */
  const put = (object, key, value) =>
    defineProperty(object, key, { value, writable: true, enumerable: true, configurable: true })

  /** What is wrong with something that has to be a function; `undefined`: nothing. */
  function wrongFunction(name, value, instead) {
    if (typeof value !== 'function') return refused(`\`${name}\` must be a function${instead}`)
    if (waits(value)) {
      return refused(`\`${name}\` must be a plain function: handlers do not wait, and what it gives would be lost`, value)
    }
    return undefined
  }

  /** What the default export of a module says. */
  function module(made) {
    if (made === null || typeof made !== 'object') {
      return refused('the module needs `export default { initial, on }`')
    }
    const known = ['initial', 'on', 'key', 'unhandled', 'invariants', 'upcast']
    const odd = keys(made).find((name) => !known.includes(name))
    if (odd !== undefined) {
      return refused(`the handler has an unknown member \`${odd}\`; it may have ${known.join(', ')}`, made[odd])
    }
    const { initial, on, key, unhandled = 'warn' } = made
    if (initial !== undefined && typeof initial !== 'function') {
      return refused('`initial` must be a function that returns the state before the first event')
    }
    if (waits(initial)) return refused('`initial` must not be async: handlers do not wait', initial)
    const wrongKey = key === undefined ? undefined : wrongFunction('key', key, ' that returns which state the event is folded into')
    if (wrongKey) return wrongKey
    if (on === null || typeof on !== 'object') return refused('`on` must be an object: event type → function(state, event)')
    if (!['ignore', 'warn', 'error'].includes(unhandled)) {
      return refused("`unhandled` must be 'ignore', 'warn' or 'error'")
    }
    const handlers = []
    const types = {}
    for (const type of keys(on)) {
      const handler = on[type]
      if (handler === null) {
        put(types, type, -1)
        continue
      }
      const wrong = wrongFunction(`on.${type}`, handler, ', or null to ignore the type')
      if (wrong) return wrong
      put(types, type, handlers.push(key ? keyed(key, initial, handler) : handler) - 1)
    }
    const invariants = conditionsOf(made.invariants, key !== undefined, handlers)
    if (invariants.refused) return invariants
    const upcast = stepsOf(made.upcast, handlers)
    if (upcast.refused) return upcast
    const about = { types: keys(types).map((type) => [type, types[type]]), unhandled, invariants, upcast }
    return { initial: key ? () => ({}) : initial, handlers, about: stringify(about) }
  }

  /** Folds an event into the state of its key: the whole state is an object with a member for each. */
  function keyed(key, initial, handler) {
    const fold = (states, event, meta) => {
      const said = key(event)
      if (said === undefined || said === null) return
      if (typeof said !== 'string' && typeof said !== 'number' && typeof said !== 'bigint') {
        throw new TypeError('`key` must return a text or a number, or nothing for an event that is of no state')
      }
      const name = asText(said)
      const own = hasOwn(states, name) ? states[name] : initial ? initial() : {}
      const returned = handler(own, event, meta)
      put(states, name, returned === undefined ? own : returned)
    }
    // Metadata is read for a function of three parameters only.
    return handler.length > 2 ? (states, event, meta) => fold(states, event, meta) : (states, event) => fold(states, event)
  }

  /** The exported invariants, each `[id, place, severity, title, text]`. They are asked with a state as the event's data. */
  function conditionsOf(exported, isKeyed, handlers) {
    if (exported === undefined) return []
    if (!isRecord(exported)) return refused('`invariants` must be an object: id → function(state)')
    const list = []
    for (const id of keys(exported)) {
      const said = typeof exported[id] === 'function' ? { holds: exported[id] } : exported[id]
      const name = `invariants.${id}`
      if (!isRecord(said)) return refused(`\`${name}\` must be a function, or { holds, severity, title }`)
      const known = ['holds', 'severity', 'title']
      const odd = keys(said).find((member) => !known.includes(member))
      if (odd !== undefined) return refused(`\`${name}\` has an unknown member \`${odd}\`; it may have ${known.join(', ')}`)
      const { holds, severity = 'error', title = '' } = said
      const wrong = wrongFunction(`${name}.holds`, holds, ': state → true or false')
      if (wrong) return wrong
      if (!['error', 'warning', 'notice'].includes(severity)) {
        return refused(`\`${name}.severity\` must be 'error', 'warning' or 'notice'`, holds)
      }
      if (typeof title !== 'string') return refused(`\`${name}.title\` must be a text`, holds)
      const asked = (state) => {
        const answer = holds(state)
        // Null stands for no answer.
        return typeof answer === 'boolean' ? answer : null
      }
      const ofAll = (states) => {
        for (const key of keys(states)) {
          const answer = asked(states[key])
          if (answer !== true) return answer
        }
        return true
      }
      const ask = isKeyed ? ofAll : asked
      list.push([id, handlers.push((_, event) => ask(event.data)) - 1, severity, title, functionText(holds)])
    }
    return list
  }

  /** The exported upcasters, each `[type, from, place, text]`. What one makes is null for an event that is dropped. */
  function stepsOf(exported, handlers) {
    if (exported === undefined) return []
    if (!isRecord(exported)) return refused('`upcast` must be an object: event type → { version: function(data, event) }')
    const list = []
    for (const type of keys(exported)) {
      if (!isRecord(exported[type])) {
        return refused(`\`upcast.${type}\` must be an object: version → function(data, event) that makes the next one`)
      }
      for (const version of keys(exported[type])) {
        const from = Number(version)
        if (!/^[0-9]{1,9}$/.test(version)) {
          return refused(`\`upcast.${type}.${version}\` must be named by the version that it takes, a whole number`)
        }
        const step = exported[type][version]
        const wrong = wrongFunction(`upcast.${type}.${version}`, step, ' that returns the data of the next version')
        if (wrong) return wrong
        const run = (_, event) => {
          const { data } = event
          const made = step(data, event)
          if (made !== undefined && (made !== data || data === null)) return made
          // Null and lists say what becomes of an event. Data that is one itself, and is left, stands in a list.
          return data === null || isArray(data) ? [{ type: event.type, data }] : data
        }
        list.push([type, from, handlers.push(run) - 1, functionText(step)])
      }
    }
    return list
  }

  const { prototype } = Decimal
  const { plus, minus, times, compare } = prototype
  for (const name of keys(short)) {
    defineProperty(prototype, name, { value: short[name], writable: true, enumerable: false, configurable: true })
  }
  freeze(prototype)
  // Those that compute with decimals of any length; the engine asks them where it does not.
  const computing = { decimal, plus, minus, times, compare }
  return { ...computing, literalDecimal, decimalPrototype: prototype, module, put, isFirst, enterPartition, record }
})()
