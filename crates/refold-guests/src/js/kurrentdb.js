// What a projection of a KurrentDB server finds: the functions that define it, as the server has them, and how its
// handlers are called. Runs after `prelude.js`, whose object it adds to, and before the projection, in the guest.
(function (prelude) {
  'use strict'

  const { keys, freeze, hasOwn, getPrototypeOf } = Object
  const { stringify } = JSON
  const { isArray } = Array
  const { put, isFirst, enterPartition, record } = prelude
  const asyncPrototypes = [
    getPrototypeOf(async function () {}),
    getPrototypeOf(async function* () {}),
    getPrototypeOf(function* () {}),
  ]
  const optionTypes = {
    $includelinks: 'boolean',
    reorderevents: 'boolean',
    processinglag: 'number',
    resultstreamname: 'string',
    bistate: 'boolean',
  }

  /** What the projection said so far. */
  const said = {
    source: null,
    options: {},
    partition: null,
    isByStream: false,
    types: new Map(),
    any: null,
    isAll: false,
    special: {},
    isBiState: false,
    isDefined: false,
  }
  const chain = {}

  function offer(...names) {
    for (const name of keys(chain)) delete chain[name]
    for (const name of names) chain[name] = steps[name]
    return chain
  }

  function texts(name, given) {
    const list = given.length === 1 && isArray(given[0]) ? given[0] : given
    if (list.length === 0 || list.some((it) => typeof it !== 'string')) {
      throw new TypeError(`${name} takes texts`)
    }
    return list
  }

  function from(source) {
    if (said.source) throw new Error('the projection says twice where its events come from')
    said.source = source
  }

  function fromStreams(names) {
    from({ streams: names })
    return offer('when', 'partitionBy', 'outputState')
  }

  function takeFunction(name, value) {
    if (typeof value !== 'function') throw new TypeError(`${name} must be a function`)
    if (asyncPrototypes.includes(getPrototypeOf(value))) {
      throw new TypeError(`${name} must be a plain function: handlers do not wait, and the state would be lost`)
    }
    return value
  }

  function on(type, handler) {
    takeFunction(type, handler)
    said.isDefined = true
    switch (type) {
      case '$init':
      case '$created':
        said.special[type] = handler
        break
      case '$initShared':
        said.special[type] = handler
        said.isBiState = true
        break
      case '$deleted':
        if (said.isBiState) throw new Error('$deleted does not go with a shared state')
        said.special[type] = handler
        break
      case '$any':
        said.any = handler
        said.isAll = true
        break
      default:
        if (said.types.has(type)) throw new Error(`the projection has two handlers for ${type}`)
        said.types.set(type, handler)
        // As on the server: a handler of a type that stands after $any takes all other types away from it.
        said.isAll = false
    }
  }

  const results = ['transformBy', 'filterBy', 'outputState', 'outputTo']
  const steps = {
    when(handlers) {
      if (handlers === null || typeof handlers !== 'object') throw new TypeError('when takes an object of handlers')
      for (const type of keys(handlers)) if (typeof handlers[type] === 'function') on(type, handlers[type])
      return offer(...results, '$defines_state_transform')
    },
    foreachStream() {
      said.isByStream = true
      return offer('when')
    },
    partitionBy(by) {
      said.partition = takeFunction('partitionBy', by)
      return offer('when')
    },
    transformBy(by) {
      takeFunction('transformBy', by)
      return offer(...results)
    },
    filterBy(by) {
      takeFunction('filterBy', by)
      return offer(...results)
    },
    outputState() {
      return offer('transformBy', 'filterBy', 'outputTo')
    },
    outputTo(stream, pattern) {
      if (typeof stream !== 'string' || (pattern !== undefined && typeof pattern !== 'string')) {
        throw new TypeError('outputTo takes the name of a stream, and a pattern for those of partitions')
      }
    },
    $defines_state_transform() {
      return chain
    },
  }

  /** The globals that are there while the projection defines itself. */
  const defining = {
    options(given) {
      if (given === null || typeof given !== 'object') throw new TypeError('options takes an object')
      for (const name of keys(given)) {
        const type = optionTypes[name.toLowerCase()]
        if (type === undefined) throw new Error(`Unrecognized option: ${name}`)
        if (typeof given[name] !== type) throw new TypeError(`the option ${name} must be a ${type}`)
        said.options[name.toLowerCase()] = given[name]
      }
      if (said.options.bistate) said.isBiState = true
    },
    fromStream(name) {
      if (typeof name !== 'string') throw new TypeError('fromStream takes a text')
      return fromStreams([name])
    },
    fromStreams: (...names) => fromStreams(texts('fromStreams', names)),
    fromCategory(...names) {
      const list = texts('fromCategory', names)
      if (names.length > 1 || isArray(names[0])) return fromStreams(list.map((name) => `$ce-${name}`))
      from({ categories: list })
      return offer('foreachStream', 'when', 'partitionBy', 'outputState')
    },
    fromCategories(...names) {
      return fromStreams(texts('fromCategories', names).map((name) => `$ce-${name}`))
    },
    fromAll() {
      from({ all: true })
      return offer('foreachStream', 'when', 'partitionBy', 'outputState')
    },
    on_event: on,
    on_any: (handler) => on('$any', handler),
  }

  /** Those that are there while it runs. What they would write is noted, and written nowhere. */
  const running = {
    emit(stream, type, body, metadata) {
      if (arguments.length < 3) throw new TypeError('emit takes a stream, a type and a body')
      name('emit', 'stream', stream)
      name('emit', 'type', type)
      if (body === null || typeof body !== 'object') throw new TypeError('the body that is emitted must be an object')
      if (metadata !== undefined && (metadata === null || typeof metadata !== 'object')) {
        throw new TypeError('the metadata that is emitted must be an object')
      }
      record({ stream, type, data: body, metadata: metadata ?? null })
    },
    linkTo(stream, event, metadata) {
      name('linkTo', 'stream', stream)
      const { sequenceNumber, streamId } = event ?? {}
      if (typeof sequenceNumber !== 'number' || typeof streamId !== 'string') {
        throw new TypeError('linkTo takes a stream and the event that it links to')
      }
      record({ stream, type: '$>', data: `${sequenceNumber}@${streamId}`, metadata: metadata ?? null })
    },
    linkStreamTo(stream, linked) {
      if (arguments.length > 2) throw new TypeError('linkStreamTo with three arguments fails on the server too: give two')
      name('linkStreamTo', 'stream', stream)
      name('linkStreamTo', 'linked stream', linked)
      record({ stream, type: '$@', data: linked, metadata: null })
    },
    copyTo() {},
  }

  function name(of, what, value) {
    if (typeof value !== 'string' || value === '') throw new TypeError(`${of}: the ${what} must be a text that is not empty`)
  }

  function begin() {
    for (const key of keys(defining)) put(globalThis, key, defining[key])
    put(globalThis, 'log', () => {})
  }

  /** How a state is kept and passed on, from the shape that the projection has. */
  function shaped() {
    const { $init, $initShared, $created } = said.special
    const made = (maker) => {
      const state = maker ? maker() : {}
      return state === undefined ? {} : state
    }
    const init = () => made($init)
    const shared = () => made($initShared)
    const { partition, isBiState } = said

    /** The pair of a partition's state and the shared one, from what a handler made of it. */
    const pair = (returned, given) => {
      const made = returned === undefined ? given : returned
      if (!isArray(made) || made.length < 2) {
        throw new TypeError('a handler with a shared state must return the pair [state, shared], or nothing')
      }
      return made
    }
    if (!partition) {
      const initial = isBiState ? () => [init(), shared()] : init
      const call = (handler) => {
        if (!isBiState && !$created) return handler
        return (state, event) => {
          if ($created && isFirst()) $created(state, event)
          const returned = handler(state, event)
          return isBiState ? pair(returned, state) : returned
        }
      }
      return { initial, call }
    }
    const initial = isBiState ? () => ({ partitions: {}, shared: shared() }) : () => ({})
    const call = (handler) => (all, event) => {
      enterPartition('')
      const name = partition(event)
      if (typeof name !== 'string' && typeof name !== 'number') return
      const key = String(name)
      enterPartition(key)
      const states = isBiState ? all.partitions : all
      const isNew = !hasOwn(states, key)
      const own = isNew ? init() : states[key]
      const given = isBiState ? [own, all.shared] : own
      if (isNew && $created) $created(given, event)
      const returned = handler(given, event)
      if (isBiState) {
        const made = pair(returned, given)
        put(states, key, made[0])
        all.shared = made[1]
      } else {
        put(states, key, returned === undefined ? own : returned)
      }
    }
    return { initial, call }
  }

  /** What the host is told, once the projection has run. */
  function projection() {
    for (const key of keys(defining)) delete globalThis[key]
    for (const key of keys(running)) put(globalThis, key, running[key])
    const { source, options, types, any, isAll, isByStream, partition, special } = said
    const refused = (message) => ({ refused: message })
    if (!source) return refused('the projection does not say where its events come from: begin with fromStream, fromCategory or fromAll')
    if (options.reorderevents) {
      if (source.all) return refused('reorderEvents does not go with fromAll')
      if (!(source.streams?.length > 1)) return refused('reorderEvents needs fromStreams with two streams or more')
      if ((options.processinglag ?? 500) < 50) return refused('reorderEvents needs a processingLag of 50 or more')
    }
    if (special.$deleted && !isByStream) return refused('$deleted needs foreachStream')
    if (isByStream) enterPartition(undefined)
    const { initial, call } = shaped()
    const handlers = []
    const add = (handler) => handlers.push(handler) - 1
    const routes = [...types].map(([type, handler]) => [type, add(call(handler))])
    // Without any handler the state is what the last event says.
    const isPlain = !said.isDefined
    const rest = isPlain ? (state, event) => event.body : isAll ? any : null
    if (special.$deleted) {
      const { $deleted } = special
      routes.push(['$streamDeleted', add((state, event) => void $deleted(state, null, event.streamId, false))])
    }
    const about = {
      types: routes,
      rest: rest ? add(isPlain ? rest : call(rest)) : -1,
      unhandled: 'ignore',
      source,
      takesLinks: options.$includelinks === true,
    }
    return { initial, handlers, about: stringify(about) }
  }

  freeze(running)
  return { ...prelude, begin, projection }
})
