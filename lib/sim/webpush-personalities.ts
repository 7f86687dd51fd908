// The push services that one simulator can be: what each demands, how it refuses, how it accepts, and what its endpoints look like.
// Where a vendor has no answer for a refusal, it is not known to look, and accepts. Not verified: what is not in webpush-rows.ts either.

import { randomBytes, randomUUID } from 'node:crypto'
import { type Answer } from './http-journal'
import { type Refusal } from './webpush-findings'
import { type TopicLengths } from './webpush-headers'
import { type WebPushRowName } from './webpush-rows'

/** Whose answers the simulator gives. `rfc` is nobody's, and as strict as the texts allow. */
export type PersonalityName = 'rfc' | 'fcm' | 'mozilla' | 'apple' | 'wns' | 'ntfy'

/** A push that was taken. */
export interface Taken {
  readonly id: string
  readonly origin: string
  /** What the push service made of the TTL that was asked for. */
  readonly ttl: number
  readonly nowMs: number
  readonly path: string
}

/** One push service. */
export interface Personality {
  /** Whether a subscription needs an applicationServerKey, and every push a VAPID token. */
  readonly needsVapid: boolean
  readonly topicLengths: TopicLengths
  /** Microsoft's header. */
  readonly hasCachePolicy: boolean
  /** Whether `GET` of an endpoint answers that it is UnifiedPush's, and a push must have a body. */
  readonly isUnifiedPush: boolean
  /** Seconds; a longer TTL is shortened to it. */
  readonly longestTtl: number
  readonly newPath: () => string
  readonly refusals: Readonly<Partial<Record<Refusal, WebPushRowName>>>
  readonly accept: (taken: Taken) => Answer
}

const DAY_S = 86_400

const created = (headers: Readonly<Record<string, string>>): Answer => ({
  is: 'answer',
  status: 201,
  headers: { 'content-length': '0', ...headers },
  body: '',
})
const token = (octets: number): string => randomBytes(octets).toString('base64url')

const strict = { needsVapid: true, topicLengths: 'any', hasCachePolicy: false, isUnifiedPush: false } as const

/** All of them. */
export const personalities: Readonly<Record<PersonalityName, Personality>> = {
  rfc: {
    ...strict,
    needsVapid: false,
    longestTtl: 28 * DAY_S,
    newPath: () => `/push/${token(24)}`,
    refusals: {
      method: 'method not allowed',
      'unknown subscription': 'not found',
      gone: 'gone',
      expired: 'not found',
      'no VAPID': 'unauthorized',
      'bad VAPID': 'unauthorized',
      'VAPID expired': 'unauthorized',
      'VAPID audience': 'forbidden',
      'VAPID too long': 'forbidden',
      'other key': 'forbidden',
      'TTL missing': 'bad request',
      TTL: 'bad request',
      urgency: 'bad request',
      topic: 'bad request',
      coding: 'unsupported coding',
      'too large': 'too large',
    },
    // No vendor sets a cookie; this one does, so that a client with a jar gives itself away.
    accept: ({ id, origin, ttl }) =>
      created({ location: `${origin}/message/${id}`, ttl: String(ttl), 'set-cookie': 'bait=1; Path=/; Secure' }),
  },
  fcm: {
    ...strict,
    longestTtl: 28 * DAY_S,
    newPath: () => `/fcm/send/${token(8)}:APA91b${token(100)}`,
    refusals: {
      method: 'fcm not found',
      'unknown subscription': 'fcm not found',
      gone: 'fcm gone',
      expired: 'fcm gone',
      'no VAPID': 'fcm no authorization',
      'bad VAPID': 'fcm bad JWT',
      'VAPID expired': 'fcm bad JWT',
      'VAPID audience': 'fcm bad JWT',
      'VAPID too long': 'fcm bad JWT',
      'other key': 'fcm other key',
      'TTL missing': 'fcm bad TTL',
      TTL: 'fcm bad TTL',
      urgency: 'fcm bad request',
      topic: 'fcm bad request',
      coding: 'fcm bad request',
      'too large': 'fcm too large',
    },
    accept: ({ id, nowMs }) =>
      created({ location: `https://fcm.googleapis.com/0:${nowMs}%${id.replaceAll('-', '').slice(0, 16)}` }),
  },
  mozilla: {
    ...strict,
    needsVapid: false,
    longestTtl: 60 * DAY_S,
    newPath: () => `/wpush/v2/gAAAAA${token(90)}`,
    refusals: {
      method: 'not found, page',
      'unknown subscription': 'mozilla 102 invalid token',
      gone: 'mozilla 106 no subscription',
      expired: 'mozilla 103 no user',
      'no VAPID': 'mozilla 109 no authorization',
      'bad VAPID': 'mozilla 109 bad token',
      'VAPID expired': 'mozilla 109 expired',
      'VAPID audience': 'mozilla 109 audience',
      'VAPID too long': 'mozilla 109 too long',
      'other key': 'mozilla 109 other key',
      'TTL missing': 'mozilla 111 no TTL',
      TTL: 'mozilla 111 no TTL',
      topic: 'mozilla 113 topic',
      coding: 'mozilla 110 encryption',
      'too large': 'mozilla 104 too large',
    },
    accept: ({ origin, ttl }) => created({ location: `${origin}/m/gAAAAA${token(40)}`, ttl: String(ttl) }),
  },
  apple: {
    ...strict,
    topicLengths: 'base64url',
    longestTtl: 30 * DAY_S,
    newPath: () => `/${token(120)}`,
    refusals: {
      method: 'apple MethodNotAllowed',
      'unknown subscription': 'apple BadPath',
      gone: 'apple Unregistered',
      expired: 'apple Unregistered',
      'no VAPID': 'apple BadJwtToken',
      'bad VAPID': 'apple BadJwtToken',
      'VAPID expired': 'apple BadJwtToken',
      'VAPID audience': 'apple BadJwtToken',
      'VAPID too long': 'apple BadJwtToken',
      'VAPID subject': 'apple BadJwtToken',
      'other key': 'apple VapidPkHashMismatch',
      'TTL missing': 'apple BadTtl',
      TTL: 'apple BadTtl',
      urgency: 'apple BadUrgency',
      topic: 'apple BadWebPushTopic',
      coding: 'apple BadWebPushRequest',
      'too large': 'apple PayloadTooLarge',
    },
    accept: () => created({ 'apns-id': randomUUID().toUpperCase() }),
  },
  wns: {
    ...strict,
    hasCachePolicy: true,
    longestTtl: 30 * DAY_S,
    newPath: () => `/w/?token=${encodeURIComponent(randomBytes(120).toString('base64'))}`,
    refusals: {
      method: 'wns bad request',
      'unknown subscription': 'wns not found',
      gone: 'wns gone',
      expired: 'wns gone',
      'no VAPID': 'wns bad JWT',
      'bad VAPID': 'wns bad JWT',
      'VAPID expired': 'wns bad JWT',
      'VAPID audience': 'wns bad JWT',
      'VAPID too long': 'wns bad JWT',
      'other key': 'wns other key',
      'TTL missing': 'wns bad request',
      TTL: 'wns bad request',
      'cache policy': 'wns TTL conflict',
      urgency: 'wns bad request',
      topic: 'wns bad request',
      coding: 'wns bad request',
      'too large': 'wns too large',
    },
    accept: ({ id }) =>
      created({
        'x-wns-status': 'received',
        'x-wns-notificationstatus': 'received',
        'x-wns-msg-id': id.replaceAll('-', '').slice(0, 16).toUpperCase(),
      }),
  },
  ntfy: {
    ...strict,
    needsVapid: false,
    isUnifiedPush: true,
    longestTtl: DAY_S / 2,
    newPath: () => `/up${randomBytes(9).toString('base64url').replace(/[-_]/g, 'x')}?up=1`,
    refusals: {
      method: 'ntfy not found',
      'unknown subscription': 'ntfy not found',
      gone: 'ntfy not found',
      expired: 'ntfy 50701 no subscriber',
      'no subscriber': 'ntfy 50701 no subscriber',
      'too large': 'ntfy too large',
    },
    accept: ({ id, nowMs, path }) => ({
      is: 'answer',
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: `${JSON.stringify({
        id: id.slice(0, 12),
        time: Math.floor(nowMs / 1000),
        event: 'message',
        topic: path.slice(1).replace(/\?.*/, ''),
      })}\n`,
    }),
  },
}
