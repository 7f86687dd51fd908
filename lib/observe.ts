/** Typed events of all stages, turned into log lines. Knows nothing of what to do about them. */
import { pino, type DestinationStream } from 'pino'
import { type End } from './model/accounting'
import { makeIsoTime } from './model/iso-time'
import { jsonText } from './model/json-text'
import { type NotificationClass } from './model/notification'
import { type Outcome } from './model/outcome'

interface Device {
  readonly dialect: string
  readonly app: string
  readonly owner: string
  readonly registration: string
  /** The administrator who did it for the owner. */
  readonly by?: string
}

export type Event =
  | {
      readonly at: 'started'
      readonly version: string
      readonly domains: readonly string[]
      readonly apps: readonly string[]
      /** What this process does: `ingest`, `dispatch`, or both. */
      readonly roles: readonly string[]
    }
  /** `isOpen`: whoever reaches the address may ask. */
  | { readonly at: 'listening'; readonly url: string; readonly serves: readonly string[]; readonly isOpen: boolean }
  /** A listener proves itself with another certificate. */
  | { readonly at: 'renewed'; readonly url: string }
  /** A request over HTTP was answered; `path` is the route's, for its own may hold a device's token. */
  | {
      readonly at: 'asked'
      readonly interface: string
      readonly method: string
      readonly path: string
      readonly status: number
      /** Milliseconds. */
      readonly took: number
    }
  | { readonly at: 'stopping'; readonly why: string }
  | { readonly at: 'stopped'; readonly waiting: number }
  /** The component link; `mend` says what the operator is to do. */
  | {
      readonly at: 'link'
      readonly domain: string
      readonly service: string
      /** `standby`: another instance is attached; this one takes its place when it ends. */
      readonly is: 'online' | 'lost' | 'refused' | 'standby'
      readonly why?: string
      readonly mend?: string
      /** Milliseconds until the next try. */
      readonly nextIn?: number
    }
  | ({ readonly at: 'registered' } & Device)
  | ({ readonly at: 'unregistered' } & Device)
  /** A registration was refused; `more`: so many others were since the last one that was told. */
  | {
      readonly at: 'refused'
      readonly service: string
      readonly owner: string
      readonly dialect: string
      readonly why: string
      readonly mend: string
      readonly more?: number
    }
  /** A publish was answered. */
  | {
      readonly at: 'answered'
      readonly answer: string
      readonly why: string
      readonly publisher: string
      readonly delivery?: string
      readonly app?: string
      readonly class?: NotificationClass
      /** The way it came in, if that is not a stanza. */
      readonly over?: 'http'
      /** Milliseconds until its answer was known. */
      readonly took?: number
    }
  /** A delivery's attempt was judged and the verdict is durable. */
  | {
      readonly at: 'settled'
      readonly delivery: string
      readonly app: string
      readonly class: NotificationClass
      readonly registration?: string
      readonly owner?: string
      readonly attempt: number
      readonly outcome?: Outcome
      readonly end?: Exclude<End, 'coalesced'>
      /** Milliseconds until the next attempt. */
      readonly againIn?: number
      /** Milliseconds since it was accepted. */
      readonly age: number
      readonly resent: boolean
    }
  | {
      readonly at: 'forgotten'
      readonly app: string
      readonly owner: string
      readonly registration: string
      readonly slot: string
      readonly why: string
    }
  /** The owner's server was told that the node of a registration is gone. */
  | { readonly at: 'remote-disabled'; readonly service: string; readonly owner: string; readonly registration: string }
  /** An app is held: nothing of it is sent until `nextIn` milliseconds from now. */
  | { readonly at: 'held'; readonly app: string; readonly why: string; readonly mend?: string; readonly nextIn: number }
  | { readonly at: 'released'; readonly app: string }
  /** Files were read again; `apps`: those whose credentials or settings are others now; `gone`: those no longer configured. */
  | { readonly at: 'reloaded'; readonly apps: readonly string[]; readonly gone: readonly string[] }
  /** Something an operator should know. */
  | { readonly at: 'notice'; readonly about: string; readonly text: string }
  /** Something is broken on our side. */
  | { readonly at: 'trouble'; readonly about: string; readonly text: string }

export type Observe = (event: Event) => void

const linkWords: Readonly<Record<Extract<Event, { at: 'link' }>['is'], string>> = {
  online: 'is attached to',
  lost: 'lost at',
  refused: 'refused at',
  standby: 'stands by, for another instance is attached to',
}

const text: { readonly [K in Event['at']]: (event: Extract<Event, { at: K }>) => string } = {
  started: (e) =>
    `started: ${e.domains.join(', ')} for ${e.apps.length} apps` +
    (e.roles.length === 1 ? `, to ${e.roles.join()} alone` : ''),
  listening: (e) => `${e.url} serves ${e.serves.join(', ')}${e.isOpen ? ' to whoever reaches it' : ''}`,
  renewed: (e) => `${e.url} proves itself with a new certificate`,
  asked: (e) => `${e.interface}: ${e.method} ${e.path} is answered with ${e.status}`,
  stopping: (e) => `stopping: ${e.why}`,
  stopped: (e) => `stopped; ${e.waiting} deliveries wait on disk for the next start`,
  link: (e) =>
    `component ${e.domain} ${linkWords[e.is]} ${e.service}` +
    (e.why === undefined ? '' : `: ${e.why}`) +
    (e.mend === undefined ? '' : `. ${e.mend}`) +
    (e.nextIn === undefined ? '' : `; next try in ${(e.nextIn / 1000).toFixed(1)} s`),
  registered: (e) => (e.app === '' ? `${e.owner} made a node` : `registered a device of ${e.owner} for ${e.app}`),
  unregistered: (e) =>
    e.app === '' ? `a node of ${e.owner} is deleted` : `unregistered a device of ${e.owner} from ${e.app}`,
  refused: (e) =>
    `refused to register a device of ${e.owner}: ${e.why.replace(/\.$/, '')}. ${e.mend}` +
    (e.more === undefined ? '' : ` (${e.more} others were refused before it and not told)`),
  answered: (e) => `answered ${e.publisher} with ${e.answer}: ${e.why}`,
  settled: (e) =>
    `delivery ${e.delivery} ${e.end ?? `again in ${((e.againIn ?? 0) / 1000).toFixed(1)} s`}` +
    (e.outcome === undefined || e.outcome.is === 'delivered' ? '' : `: ${e.outcome.why}`),
  forgotten: (e) => `forgot a device of ${e.owner} from ${e.app}: ${e.why}`,
  'remote-disabled': (e) => `told the server of ${e.owner} that a node at ${e.service} is gone`,
  held: (e) =>
    `app ${e.app} is held for ${Math.round(e.nextIn / 1000)} s: ${e.why}` + (e.mend === undefined ? '' : `. ${e.mend}`),
  released: (e) => `app ${e.app} is no longer held`,
  reloaded: ({ apps, gone }) =>
    apps.length + gone.length === 0
      ? 'read again; nothing changed: credentials and settings of all apps are as before'
      : [
          ...(apps.length === 0 ? [] : [`credentials reloaded for ${apps.join(', ')}`]),
          ...(gone.length === 0 ? [] : [`no longer configured: ${gone.join(', ')}`]),
        ].join('; '),
  notice: (e) => `${e.about}: ${e.text}`,
  trouble: (e) => `${e.about}: ${e.text}`,
}

type Level = 'debug' | 'info' | 'warn' | 'error'

function levelOf(event: Event): Level {
  switch (event.at) {
    case 'trouble':
    case 'held':
      return 'error'
    case 'link':
      return event.is === 'refused' ? 'error' : event.is === 'lost' ? 'warn' : 'info'
    case 'notice':
      return 'warn'
    case 'answered':
      return event.answer === 'result' ? 'debug' : event.answer === 'nowhere' ? 'warn' : 'info'
    case 'asked':
      return 'debug'
    case 'settled':
      return event.outcome?.is === 'misconfigured' || event.outcome?.is === 'suspect' ? 'warn' : 'info'
    default:
      return 'info'
  }
}

/** Standard output, written once per turn of the event loop: a system call for each line costs more than the line. */
function gathered(): DestinationStream {
  const out = pino.destination(1)
  let lines = ''
  const flush = (): void => {
    if (lines === '') return
    const text = lines
    lines = ''
    out.write(text)
  }
  // Also where the process ends by an error that nobody caught.
  process.on('exit', flush)
  return {
    write(line: string) {
      if (lines === '') setImmediate(flush)
      lines += line
    },
  }
}

/** `json`: for machines (pino). `text`: for people. `journal`: for people who read it with journalctl, which adds the time. */
export type LogFormat = 'json' | 'text' | 'journal'

const levels: readonly Level[] = ['debug', 'info', 'warn', 'error']
/** pino's numbers of them. */
const numbers: Readonly<Record<Level, number>> = { debug: 20, info: 30, warn: 40, error: 50 }
/** sd-daemon(3): a line's priority, before it. */
const priorities: Readonly<Record<Level, number>> = { debug: 7, info: 6, warn: 4, error: 3 }

/** `,"time":"…"` as pino writes it, spelled once for all lines of a millisecond. */
function isoTimes(): () => string {
  const isoTime = makeIsoTime()
  let at = ''
  let spelled = ''
  return () => {
    const now = pino.stdTimeFunctions.epochTime()
    if (now !== at) {
      at = now
      spelled = `,"time":"${isoTime(Number(now.slice(',"time":'.length)))}"`
    }
    return spelled
  }
}

/** The line of every push that nothing is wrong with, to the letter what `JSON.stringify` makes of it. */
function deliveredLine(time: string, its: Extract<Event, { at: 'settled' }>, said: string): string {
  const { delivery, registration, owner } = its
  const id = jsonText(delivery)
  const whose =
    (registration === undefined ? '' : `,"registration":${jsonText(registration)}`) +
    (owner === undefined ? '' : `,"owner":${jsonText(owner)}`)
  // Nothing that is said of it could need more than quotes, but for its id; to look for that makes a text flat, and that costs most.
  const msg = id.length === delivery.length + 2 ? `"${said}"` : jsonText(said)
  return (
    `{"level":30${time},"at":"settled","delivery":${id},"app":${jsonText(its.app)},"class":"${its.class}","attempt":${its.attempt},` +
    `"age":${its.age},"resent":${its.resent}${whose},"outcome":{"is":"delivered"},"end":"delivered","msg":${msg}}\n`
  )
}

/** What pino would write, for a third of its price: level, time, what the event says, message. */
function jsonLine(level: Level, time: string, event: Event, said: string): string {
  if (event.at === 'settled' && event.end === 'delivered' && event.outcome?.is === 'delivered')
    return deliveredLine(time, event, said)
  return `{"level":${numbers[level]}${time},${JSON.stringify(event).slice(1, -1)},"msg":${JSON.stringify(said)}}\n`
}

/** Nothing that a stranger wrote ends a line or moves the cursor. */
function plainLine(level: Level, time: string, said: string, format: 'text' | 'journal'): string {
  const text = said.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
  if (format === 'journal') return `<${priorities[level]}>${text}\n`
  return `${/"time":"([^"]+)"/.exec(time)?.[1] ?? ''} ${level.toUpperCase().padEnd(5)} ${text}\n`
}

/** Writes each event as one line. `level`: the least important level that is still written. */
export function makeObserve(options: {
  readonly level: Level
  readonly format?: LogFormat
  readonly destination?: DestinationStream
}): Observe {
  const { level: least, format = 'json', destination = gathered() } = options
  const lowest = levels.indexOf(least)
  const time = isoTimes()
  const sayOf = (event: Event): string => (text[event.at] as (event: Event) => string)(event)
  return (event) => {
    const level = levelOf(event)
    if (levels.indexOf(level) < lowest) return
    const said = sayOf(event)
    destination.write(format === 'json' ? jsonLine(level, time(), event, said) : plainLine(level, time(), said, format))
  }
}
