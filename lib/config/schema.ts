/** The shape of the whole configuration as JSON Schema, put together from its parts and from the kinds that exist. */
import { appShape } from './app'
import { makeHttp } from './http'
import { keep } from './keep'
import { type BoundKinds } from './kinds'
import { fuse, limits } from './limits'
import { access, log, makeComponent, remoteDisable } from './parts'
import { outboxShape } from './outbox'
import { type Shape, shapeOf } from './shape'
import { roles } from './roles'
import { makeTelemetry } from './telemetry'
import { unbuiltKinds } from './unbuilt'
import { type OptionWords } from '../model/options'

function storeShape(kinds: BoundKinds): Shape {
  return {
    type: 'object',
    description: 'Where registrations and waiting pushes are kept.',
    properties: {
      kind: { enum: [...kinds.stores.keys(), ...Object.keys(unbuiltKinds.store)], description: 'The kind of store.' },
    },
    required: ['kind'],
    allOf: [...kinds.stores].map(([name, { shape }]) => {
      const { additionalProperties: _closed, type: _type, ...keys } = shape
      return { if: { properties: { kind: { const: name } }, required: ['kind'] }, then: keys }
    }),
    unevaluatedProperties: false,
  }
}

/** The keys that may stand at the top of the file. */
export const PARTS = [
  ...(['$schema', 'component', 'store', 'apps', 'proxy', 'access', 'limits', 'fuse', 'keep', 'log', 'http'] as const),
  ...(['telemetry', 'remoteDisable', 'roles', 'outbox'] as const),
] as const

/** JSON Schema (draft 2020-12) of `component.config.json`: what an editor completes, and what names every known key. */
export function configShape(kinds: BoundKinds, words: OptionWords): Shape {
  const component = shapeOf(makeComponent(words))
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'xmpp-push: component.config.json',
    type: 'object',
    properties: {
      $schema: { type: 'string', description: 'Where an editor finds this schema.' },
      component: {
        description: 'How the service attaches to XMPP servers: one component, or a list of them.',
        anyOf: [component, { type: 'array', items: component, minItems: 1 }],
      },
      store: storeShape(kinds),
      apps: {
        type: 'object',
        description: 'The apps that are woken, by the name that clients give as provider.',
        additionalProperties: appShape(kinds),
        minProperties: 1,
      },
      proxy: {
        ...shapeOf(words.proxy),
        description: 'The HTTP proxy through which every app reaches its push service that names none itself.',
      },
      access: { ...shapeOf(access), description: 'Who may register, publish and administer.' },
      limits: { ...shapeOf(limits), description: 'How much may pass; what is more is held back, never dropped.' },
      fuse: { ...shapeOf(fuse), description: 'When so many tokens die that the fault is taken to be ours.' },
      keep: { ...shapeOf(keep), description: 'For how long the past is remembered.' },
      log: { ...shapeOf(log), description: 'What is written to the log.' },
      http: shapeOf(makeHttp(words)),
      telemetry: shapeOf(makeTelemetry(words)),
      remoteDisable: shapeOf(remoteDisable),
      roles: shapeOf(roles),
      outbox: outboxShape(words),
    } satisfies Readonly<Record<(typeof PARTS)[number], Shape>>,
    required: ['component', 'store', 'apps'],
    additionalProperties: false,
  }
}
