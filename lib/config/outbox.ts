/** The `outbox` of the configuration: another than the store's own, read by the kind that it names. */
import { isObject, choose } from './app'
import { type Fault } from './fault'
import { readPart } from './faults'
import { type ConfiguredStore } from './kinds'
import { once } from './once'
import { type Shape, shapeOf } from './shape'
import { outboxes } from '../kinds'
import { type OptionWords } from '../model/options'
import { type OutboxKind } from '../outbox/outbox-kind'
import { type StoreSurroundings } from '../stores/store'

/** The store with this outbox in place of its own. `sends`: whether this process does. */
export type Standing = (store: ConfiguredStore, sends: boolean) => ConfiguredStore

interface BoundOutbox {
  readonly shape: Shape
  read(raw: unknown, faults: Fault[]): Standing | undefined
}

function bind<O>(kind: OutboxKind<O>, words: OptionWords): BoundOutbox {
  const schema = kind.options(words)
  const shape = once(() => shapeOf(schema))
  return {
    get shape() {
      return shape()
    },
    read(raw, faults) {
      const options = readPart<O>(schema, raw, ['outbox'], faults)
      if (options === undefined) return undefined
      return (store, sends) =>
        Object.freeze({
          ...store,
          open: async (surroundings: StoreSurroundings) =>
            kind.open(options, await store.open(surroundings), { ...surroundings, sends }),
          // What waits is elsewhere, and the store's own outbox would say that nothing does.
          inspect: undefined,
        })
    },
  }
}

function bound(words: OptionWords): ReadonlyMap<string, BoundOutbox> {
  return new Map(Object.values(outboxes).map((kind) => [kind.kind, bind(kind, words)]))
}

/** The shape of the key. */
export function outboxShape(words: OptionWords): Shape {
  const kinds = bound(words)
  return {
    type: 'object',
    description:
      "Where pushes wait, if not in the store: a queue of its own. The store's own outbox if it is left out.",
    properties: { kind: { enum: [...kinds.keys()], description: 'The kind of outbox.' } },
    required: ['kind'],
    allOf: [...kinds].map(([name, { shape }]) => {
      const { additionalProperties: _closed, type: _type, ...keys } = shape
      return { if: { properties: { kind: { const: name } }, required: ['kind'] }, then: keys }
    }),
    unevaluatedProperties: false,
  }
}

/** The store as it is where nothing stands in the configuration; undefined with its faults added. */
export function readOutbox(raw: unknown, words: OptionWords, faults: Fault[]): Standing | undefined {
  if (raw === undefined) return (store) => store
  if (!isObject(raw)) {
    faults.push({ path: 'outbox', text: 'is not an object: {…}', mend: 'Write { "kind": …, … }, or leave it out' })
    return undefined
  }
  const { kind, ...options } = raw
  return choose('kind', kind, ['outbox', 'kind'], bound(words), faults)?.read(options, faults)
}
