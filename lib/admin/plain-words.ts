/** How the state of an app, and what failed, is told to a person: what it is, and what to do. Pure; the vendors' own words pass through it unchanged. */
import { type Failure } from './recent'
import { type AppStanding } from './readiness'

/** `good`: it sends. `unsure`: nothing proves it yet. `look`: it sends, and something is to be looked at. `bad`: it does not send. */
export type Colour = 'good' | 'unsure' | 'look' | 'bad'

export interface Said {
  readonly text: string
  /** What to do. */
  readonly cure?: string
}

/** What is told of an app: the worst first. */
export interface AppInWords {
  readonly colour: Colour
  readonly says: readonly Said[]
}

const DAY = 24 * 3600_000
const SOON = 30 * DAY

const dayOf = (at: number): string => new Date(at).toISOString().slice(0, 10)

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/[.\s]+$/, '')}.`

const RENEW =
  'Put a new key or certificate in the place of the old file: it is read by itself. Then `xmpp-push check --live` tells whether it is good.'

export interface AppFacts extends AppStanding {
  /** False where the store knows it and the configuration does not. */
  readonly isConfigured: boolean
  /** What was accepted and is not accounted for. */
  readonly missing: number
}

function bad(facts: AppFacts, now: number): Said | undefined {
  const { app, isConfigured, isOpen, refused, held, doubt, mend, expiresAt } = facts
  if (!isConfigured) {
    return {
      text: 'It is not in the configuration; what waits for it waits on.',
      cure: `Put it back under "apps", or drop what waits: \`xmpp-push outbox drop --app ${app}\`.`,
    }
  }
  if (!isOpen) {
    return {
      text: `Its credentials could not be used; its pushes are kept and wait.${refused === undefined ? '' : ` ${sentence(refused)}`}`,
      cure: '`xmpp-push check` names what is wrong with the key, certificate or account.',
    }
  }
  if (expiresAt !== undefined && expiresAt <= now) {
    return { text: `Its credential expired on ${dayOf(expiresAt)}; its pushes are kept and wait.`, cure: RENEW }
  }
  if (held === undefined) {
    return doubt === undefined
      ? undefined
      : {
          text: `Whether it can send is in doubt, its pushes are tried all the same: ${sentence(doubt)}`,
          cure: 'Its push service is asked again by itself; `xmpp-push check --live` asks at once.',
        }
  }
  return {
    text: `It is held, its pushes wait: ${sentence(held)}`,
    cure:
      mend === undefined
        ? `It is tried again by itself. If the push service is well: \`xmpp-push outbox retry --app ${app}\` tries at once.`
        : `${sentence(mend)} Then \`xmpp-push outbox retry --app ${app}\` tries at once.`,
  }
}

function look({ app, fuse, missing, expiresAt, held, doubt }: AppFacts, now: number): readonly Said[] {
  const left = expiresAt === undefined ? Infinity : expiresAt - now
  return [
    ...(fuse === undefined
      ? []
      : [
          {
            text: `Its fuse has blown, no token of it is forgotten: ${sentence(fuse)}`,
            cure: `See that credential, topic and project are right, then \`xmpp-push fuse reset ${app}\`.`,
          },
        ]),
    ...(left > 0 && left < SOON && held === undefined && doubt === undefined
      ? [{ text: `Its credential expires in ${Math.ceil(left / DAY)} days, on ${dayOf(expiresAt ?? 0)}.`, cure: RENEW }]
      : []),
    ...(missing === 0
      ? []
      : [
          {
            text: `Its accounting does not close, it is off by ${missing}.`,
            cure: 'That is a bug: please report it, with the log.',
          },
        ]),
  ]
}

/** How an app stands. */
export function appInWords(facts: AppFacts, now: number): AppInWords {
  const worst = bad(facts, now)
  const others = look(facts, now)
  if (worst !== undefined) return { colour: 'bad', says: [worst, ...others] }
  if (others.length > 0) return { colour: 'look', says: others }
  if (facts.isProven === true)
    return { colour: 'good', says: [{ text: 'Its push service took pushes within the hour.' }] }
  const since = facts.isProven === false ? 'within the hour' : 'since the start'
  return {
    colour: 'unsure',
    says: [
      {
        text: `Nothing was delivered ${since}, so nothing proves the whole way to a device.`,
        cure: 'A test push to one of its devices proves it.',
      },
    ],
  }
}

const titles: Readonly<Record<Failure['is'], string>> = {
  gone: 'Devices whose token is dead were forgotten',
  suspect: 'A token is bad, or belongs to another app or environment; the device is kept',
  refused: 'The push service will never take this push; the device is kept',
  busy: 'The push service asks for a pause; the push is tried again',
  down: 'The push service could not be reached; the push is tried again',
  misconfigured: 'The push service refuses our credential or our topic',
  held: 'The app is held; its pushes wait',
  link: 'The link to the XMPP server was lost or refused; it is tried again',
  'refused-publish': 'A publish was not accepted',
  notice: 'To be known',
  trouble: 'Something is broken on our side',
}

const cures: Partial<Readonly<Record<Failure['is'], string>>> = {
  suspect: 'Many of them at once: check the app’s environment (production or sandbox) and topic.',
  misconfigured: '`xmpp-push check --live` tells what is wrong with it.',
  link: 'See that the server runs, and that domain, port and secret are those of its configuration.',
}

/** What failed, in words. */
export function failureInWords({ is, mend }: Failure): Said {
  const cure = mend === undefined ? cures[is] : sentence(mend)
  return { text: titles[is], ...(cure === undefined ? {} : { cure }) }
}
