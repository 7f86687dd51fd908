// What APNs would say to a request: all rules in one order. Not verified against Apple: that very order.

import { type ApnsConnection } from './apns-connection'
import { certificateRules, certificateTopic } from './apns-certificate'
import { type Devices } from './apns-devices'
import { firstRefusal, state, violation, type ApnsEnvironment, type Finding } from './apns-findings'
import { headerRules, lineRules, tokenOf, type Asked } from './apns-headers'
import { payloadRules } from './apns-payload'
import { type ConnectionAuthority, type ProviderKey, type ProviderTokens } from './apns-tokens'

/** Who a request came from, as far as it could be believed. */
export type ApnsClient =
  | {
      readonly kind: 'token'
      readonly teamId: string
      readonly keyId: string
      readonly issuedAt: number
      readonly jwt: string
    }
  | { readonly kind: 'certificate'; readonly bundleId: string }
  | { readonly kind: 'unknown' }

/** The outcome of all rules. The first finding with a reason, if there is one, is what the request is refused with. */
export interface Judgement {
  readonly client: ApnsClient
  readonly topic: string
  readonly findings: readonly Finding[]
}

/** What judging needs to know of the world. */
export interface World {
  readonly environment: ApnsEnvironment
  readonly tokens: ProviderTokens
  readonly devices: Devices
  /** Teams by the bundle ids that are known to be theirs. */
  readonly apps: ReadonlyMap<string, string>
}

interface Authentication {
  readonly client: ApnsClient
  readonly topic: string
  readonly findings: readonly Finding[]
}

const isOf = (topic: string, bundleId: string): boolean => topic === bundleId || topic.startsWith(`${bundleId}.`)

const topicRules = (topic: string, key: ProviderKey, apps: ReadonlyMap<string, string>): readonly Finding[] => {
  if (key.topics?.some((bundleId) => isOf(topic, bundleId)) === false)
    return [state('key-topic', `key ${key.keyId} is not for ${topic}`, 'TopicDisallowed')]
  const foreign = [...apps].find(([bundleId, teamId]) => isOf(topic, bundleId) && teamId !== key.teamId)
  return foreign === undefined
    ? []
    : [state('app-team', `${foreign[0]} does not belong to team ${key.teamId}`, 'TopicDisallowed')]
}

const authenticate = (
  asked: Asked,
  connection: ApnsConnection,
  authority: ConnectionAuthority,
  world: World,
): Authentication => {
  const topic = asked.headers['apns-topic']
  const { certificate } = connection
  if (certificate !== undefined) {
    const client = { kind: 'certificate', bundleId: certificate.bundleId } as const
    const named = certificateTopic(certificate, topic)
    return {
      client,
      topic: named.topic,
      findings: [...certificateRules(certificate, world.environment), ...named.findings],
    }
  }
  const verdict = world.tokens.check(asked.headers['authorization'], authority, asked.at)
  if (verdict.kind === 'refused') return { client: { kind: 'unknown' }, topic: topic ?? '', findings: verdict.findings }
  const { key, issuedAt, jwt } = verdict
  const client = { kind: 'token', teamId: key.teamId, keyId: key.keyId, issuedAt, jwt } as const
  if (topic === undefined)
    return { client, topic: '', findings: [violation('apns-topic-missing', 'no apns-topic', 'MissingTopic')] }
  return { client, topic, findings: topicRules(topic, key, world.apps) }
}

/** Judges one request; a valid token binds the connection, and a push to a device counts against its limit. */
export const judge = (
  asked: Asked,
  connection: ApnsConnection,
  authority: ConnectionAuthority,
  world: World,
): Judgement => {
  const { headers } = asked
  const line = lineRules(asked)
  if (line.some(({ reason }) => reason !== undefined))
    return { client: { kind: 'unknown' }, topic: headers['apns-topic'] ?? '', findings: line }
  const authentication = authenticate(asked, connection, authority, world)
  const { client, topic } = authentication
  const pushed = {
    body: asked.body,
    pushType: headers['apns-push-type'],
    topic,
    priority: headers['apns-priority'],
    expiration: headers['apns-expiration'],
    encoding: headers['content-encoding'],
    authenticatedBy: client.kind === 'certificate' ? 'certificate' : 'token',
  } as const
  const findings = firstRefusal([
    () => line,
    () => authentication.findings,
    () => headerRules(asked),
    () => payloadRules(pushed),
    () => world.devices.rules(tokenOf(asked), topic, asked.at),
  ])
  return { client, topic, findings }
}
