/**
 * The component link (XEP-0114 v1.6): attaches to the server, stays attached, and tells the operator in one line what is in the way.
 * Knows when to try again and how stanzas go in and out. Refuses to know what any of them means.
 */
import { randomBytes } from 'node:crypto'
import { type Element } from 'ltx'
import { type Clock } from '../clock'
import { type Opaque } from '../model/opaque'
import { type Observe } from '../observe'
import { attach, type Attachment } from './attachment'
import { openStream, type ComponentStream, type StreamListener } from './component-stream'
import { faultOfCa, faultOfDeath, faultOfService, faultOfStuckPeer, type Fault } from './link-faults'
import { spellStanza } from './outgoing-stanza'
import { makeReconnecting } from './reconnecting'
import { makeSelfPing } from './self-ping'
import { parseService } from './service-address'
import { type ParserName } from './stanza-parser'
import { LOOK_MS, makeTakingTurns, type Turn } from './turn'

/** Six times the 256 KiB that servers let a user send: escaping may make a text so much longer, and no user may cost us the link. */
const MAX_STANZA_BYTES = 2 * 1024 * 1024
const MAX_DEPTH = 64
const PING_AFTER_MS = 60_000
const DEAD_AFTER_MS = 30_000

/** Where and as whom to attach. */
export interface TryLinkOptions {
  /** The component's own domain, as the server knows it. */
  readonly domain: string
  /** `xmpp://host:port`, or `xmpps://host:port` for direct TLS. */
  readonly service: string
  readonly secret: Opaque
  /** PEM; stands in place of the authorities that Node trusts. */
  readonly ca?: Buffer
  /**
   * Who reads what the server sends. Left out: `own`, which gives way to `ltx` once it could not read what an attached server sent: servers
   * of lax readers (MongooseIM, Tigase) hand on what any user writes, and no user may cost us the link again and again.
   */
  readonly parser?: ParserName
  readonly clock: Clock
}

export interface LinkOptions extends TryLinkOptions {
  readonly observe: Observe
  /**
   * Called with every stanza, in their order. What it throws or rejects with is observed as trouble. If it returns a promise, the stanza
   * counts as being handled until that is settled: from 1000 such stanzas on nothing is read until half of them are done.
   */
  readonly onStanza: (stanza: Element) => void | Promise<void>
  /** Default 2 MiB. A longer stanza ends the stream. */
  readonly maxStanzaBytes?: number
  /** Default 64. A stanza with more elements inside each other ends the stream. */
  readonly maxDepth?: number
  /** Milliseconds without a byte from the server after which it is pinged. Default 60 s. */
  readonly pingAfter?: number
  /** Milliseconds without a byte after that ping at which the link is given up. Default 30 s. */
  readonly deadAfter?: number
  /** Which of several instances that share a store is to be attached. Without it, this is the only one. */
  readonly turn?: Turn
}

export interface Link {
  /** Begins to attach, and never gives up. Never throws; a second call does nothing. */
  start(): void
  /**
   * Resolves true once the stanza is with the kernel, false if it could not be written: the link is down, or the server has left 16 MiB
   * unread. Never rejects. All stanzas of one turn of the event loop are one write. A stanza without `from` gets the domain; one without
   * `to`, or from a foreign domain, is not sent, because servers end the stream over it: that is observed as trouble.
   */
  send(stanza: Element | string): Promise<boolean>
  readonly isOnline: boolean
  /** How often it came online so far: by this, whoever waits for an answer tells that the connection which he asked on is gone. */
  readonly connections: number
  /** Another instance has the turn: this one waits for its end. */
  readonly isStandby: boolean
  /** Why it is not online, and what to do: how the last connection or try ended. Undefined while it is online or nothing was tried. */
  readonly fault: Pick<Fault, 'why' | 'mend'> | undefined
  /** Resolves when the link is online, at once if it is. */
  whenOnline(): Promise<void>
  /**
   * Lets what is being handled end, writes what waits, closes the stream, and resolves when the server has closed too, or after so many
   * milliseconds. For good.
   */
  stop(graceMs: number): Promise<void>
}

/** What became of one connection. */
interface Ended {
  readonly fault: Fault
  /** Milliseconds; 0 if it never was. */
  readonly onlineFor: number
}

/** Begins one connection; a fault of the configuration is returned at once, all others come by the listener. */
export function open(
  options: TryLinkOptions & Partial<LinkOptions>,
  listener: StreamListener,
): ComponentStream | Fault {
  const address = parseService(options.service)
  if (address === undefined) return faultOfService(options.service)
  const { domain, secret, ca, parser = 'own', clock } = options
  const to = { domain, address, ownCa: ca !== undefined }
  const limits = {
    maxStanzaBytes: options.maxStanzaBytes ?? MAX_STANZA_BYTES,
    maxDepth: options.maxDepth ?? MAX_DEPTH,
  }
  try {
    return openStream({ to, secret, limits, parser, clock, ...(ca === undefined ? {} : { ca }) }, listener)
  } catch (error) {
    return faultOfCa(error)
  }
}

/** The link of one component to one server. Nothing happens before `start`. */
export function makeLink(options: LinkOptions): Link {
  const { domain, service, clock, observe } = options
  const nextTry = makeReconnecting(() => clock.random())
  const selfPing = makeSelfPing(domain, `ping-${randomBytes(6).toString('hex')}-`)
  const turns = makeTakingTurns(options.turn, clock)
  const stopping = new AbortController()
  const waiting: (() => void)[] = []
  let stream: ComponentStream | undefined
  let attachment: Attachment | undefined
  let offline = (): void => undefined
  let parser = options.parser ?? 'own'
  let connections = 0
  let isStarted = false
  let isStandby = false
  let last: Fault | undefined
  /** It was the last thing told of this link. */
  let isToldStandby = false

  function trouble(text: string): void {
    observe({ at: 'trouble', about: `component ${domain}`, text })
  }

  function attempt(): Promise<Ended> {
    return new Promise((resolve) => {
      const opened = open(
        { ...options, parser },
        {
          online(socket) {
            attachment = attach({
              socket,
              clock,
              selfPing,
              pingAfter: options.pingAfter ?? PING_AFTER_MS,
              deadAfter: options.deadAfter ?? DEAD_AFTER_MS,
              onStanza: options.onStanza,
              onTrouble: (error) =>
                trouble(`a stanza was not handled: ${error instanceof Error ? error.message : String(error)}`),
              onDead: (why, s) => stream?.drop(why === 'silent' ? faultOfDeath(s) : faultOfStuckPeer(s)),
            })
            connections += 1
            offline = turns.online()
            isToldStandby = false
            last = undefined
            observe({ at: 'link', domain, service, is: 'online' })
            for (const go of waiting.splice(0)) go()
          },
          heard: () => attachment?.heard(),
          stanza: (stanza) => attachment?.stanza(stanza),
          ended(fault) {
            const since = attachment?.since
            attachment?.end()
            attachment = undefined
            stream = undefined
            offline()
            resolve({ fault, onlineFor: since === undefined ? 0 : Math.max(1, clock.elapsed() - since) })
          },
        },
      )
      if ('why' in opened) resolve({ fault: opened, onlineFor: 0 })
      else stream = opened
    })
  }

  function within(promise: Promise<void>, ms: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = clock.after(ms, resolve)
      void promise.then(() => {
        cancel()
        resolve()
      })
    })
  }

  async function run(): Promise<void> {
    while (!stopping.signal.aborted) {
      const may = await turns.mayAttach()
      if (stopping.signal.aborted) return
      if (may) await once()
      else await standBy()
    }
  }

  async function standBy(): Promise<void> {
    isStandby = true
    if (!isToldStandby) observe({ at: 'link', domain, service, is: 'standby' })
    isToldStandby = true
    await clock.sleep(LOOK_MS, stopping.signal)
  }

  function giveWay(): void {
    if (options.parser !== undefined || parser === 'ltx') return
    parser = 'ltx'
    const text = 'ltx, which minds less, reads the server from now on; component.parser settles who does'
    observe({ at: 'notice', about: `component ${domain}`, text })
  }

  /** Attaches, and resolves when it is time to try again. */
  async function once(): Promise<void> {
    isStandby = false
    const { fault, onlineFor } = await attempt()
    last = fault
    if (onlineFor > 0 && fault.isUnreadable === true) giveWay()
    const next = turns.ended(fault)
    if (next.is === 'standby') return
    if (next.is === 'again') return clock.sleep(next.delay, stopping.signal)
    const { conflict, isUnreadable: _, ...said } = fault
    // Who was thrown out has proven nothing: two that throw each other out are to do it ever more rarely.
    const { delay, told } = nextTry(said, conflict === undefined ? onlineFor : Math.min(onlineFor, 1))
    const nextIn = Math.max(delay, next.atLeast)
    if (told !== undefined) {
      observe({ at: 'link', domain, service, is: onlineFor === 0 ? 'refused' : 'lost', ...told, nextIn })
      isToldStandby = false
    }
    await clock.sleep(nextIn, stopping.signal)
  }

  return Object.freeze({
    start() {
      if (isStarted || stopping.signal.aborted) return
      isStarted = true
      void run()
    },
    send(stanza: Element | string) {
      if (attachment === undefined) return Promise.resolve(false)
      const spelled = spellStanza(stanza, domain)
      if ('text' in spelled) return attachment.send(spelled.text)
      trouble(spelled.fault)
      return Promise.resolve(false)
    },
    get isOnline() {
      return attachment !== undefined
    },
    get connections() {
      return connections
    },
    get isStandby() {
      return isStandby
    },
    get fault() {
      return last
    },
    whenOnline() {
      return attachment === undefined ? new Promise<void>((resolve) => waiting.push(resolve)) : Promise.resolve()
    },
    async stop(graceMs: number) {
      stopping.abort()
      const begun = clock.elapsed()
      const idle = attachment?.idle()
      // Who has asked is still to be answered: what was accepted must not seem lost.
      if (idle !== undefined && graceMs > 0) await within(idle, graceMs)
      const [was, closing] = [attachment, stream]
      attachment = undefined
      stream = undefined
      was?.finish()
      offline()
      await closing?.close(Math.max(0, graceMs - (clock.elapsed() - begun)))
      was?.end()
      isStandby = false
      turns.leave()
    },
  })
}
