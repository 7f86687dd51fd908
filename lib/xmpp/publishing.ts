/** The verb `publish` (XEP-0060 v1.30.0 §7.1): the stanza to a request, the decision to an answer. */
import { type Element } from 'ltx'
import { type Fields } from '../dialects/dialect'
import { type Jid } from '../model/jid'
import { type PublishAnswer, type PublishRequest } from '../model/request'
import { toPublish, type Answer } from './answers'
import { attribute } from './element'
import { FORMS, fieldsOf } from './forms'
import { findIn, readItems, summaryOf } from './notification'
import { type Asked, type Repeated, type Route } from './router'

export type Publish = (request: PublishRequest) => Promise<PublishAnswer>

type Options = Pick<PublishRequest, 'secrets' | 'options'>

const NO_OPTIONS: Options = Object.freeze({ secrets: [], options: new Map<string, readonly string[]>() })

export function publishOf(asked: Asked, verb: Element, publish: Publish): Promise<Answer> {
  const [node, notification] = [attribute(verb, 'node'), readItems(verb.getChildren('item'))]
  // Nothing of the stanza is kept while the publish is being decided.
  return publish(requestOf(asked.service, asked.from, node, optionsIn(asked.child), notification)).then(toPublish)
}

function requestOf(
  service: string,
  publisher: Jid,
  node: string | undefined,
  { secrets, options }: Options,
  notification: PublishRequest['notification'],
): PublishRequest {
  type Draft = { -readonly [K in keyof PublishRequest]: PublishRequest[K] }
  const request: Draft = { service, publisher, secrets, options, notification }
  if (node !== undefined) request.node = node
  // COMPAT(Openfire's pushserver apps): an option says that the build is a developer's.
  if (options.get('sandbox')?.[0]?.toLowerCase() === 'true') request.environment = 'sandbox'
  return request
}

/**
 * Rule of XEP-0060 §7.1.5 that is broken on purpose: an unknown publish-option is ignored, because refusing it with
 * `cancel` costs the registration on four servers.
 */
function optionsIn(pubsub: Element): Options {
  const options = pubsub.getChild('publish-options')
  if (options === undefined) return NO_OPTIONS
  const forms = options.getChildElements().filter((child) => child.getName() === 'x' && child.getNS() === FORMS)
  const [first, ...more] = forms.map((form) => fieldsOf(form))
  if (first === undefined) return NO_OPTIONS
  const secrets = [first, ...more].flatMap((fields) => fields.get('secret') ?? [])
  return {
    secrets,
    options: more.length === 0 ? first : new Map([...more.reverse(), first].flatMap((fields) => [...fields])),
  }
}

type PlaceOf = Parameters<NonNullable<Route['repeated']>>[1]

/** By the fields' names, the places of their values; undefined where one is no value. */
function placesOf(fields: Fields, placeOf: PlaceOf): ReadonlyMap<string, readonly number[]> | undefined {
  const places = new Map<string, readonly number[]>()
  for (const [name, values] of fields) {
    const its = values.map(placeOf)
    if (!its.every((place) => place !== undefined)) return undefined
    places.set(name, its)
  }
  return places
}

/** The same for publishes that are spelled as this one, without a tree; undefined of one in which there is more than fields. */
export function repeatedPublish(asked: Asked, placeOf: PlaceOf, publish: Publish): Repeated | undefined {
  const verb = asked.child.getChildElements().find((child) => child.getName() === 'publish')
  const node = verb === undefined ? undefined : placeOf(attribute(verb, 'node') ?? '')
  if (asked.type !== 'set' || verb === undefined || node === undefined) return undefined
  const found = findIn(verb.getChildren('item'))
  if ('malformed' in found || found.others.length > 0) return undefined
  const { namesBody } = found
  const [fields, given] = [placesOf(found.fields, placeOf), placesOf(optionsIn(asked.child).options, placeOf)]
  const secrets = optionsIn(asked.child).secrets.map(placeOf)
  if (fields === undefined || given === undefined) return undefined
  const first = new Map([...fields].map(([name, [place]]) => [name, place]))

  function optionsOf(values: readonly string[]): Options {
    if (given === undefined || given.size === 0) return NO_OPTIONS
    const at = (place: number | undefined): string => values[place ?? -1] ?? ''
    return {
      secrets: secrets.map(at),
      options: new Map([...given].map(([name, places]) => [name, places.map(at)])),
    }
  }

  return (from, values) => {
    const summary = summaryOf((name) => values[first.get(name) ?? -1], namesBody)
    return publish(requestOf(asked.service, from, values[node], optionsOf(values), summary)).then(toPublish)
  }
}
