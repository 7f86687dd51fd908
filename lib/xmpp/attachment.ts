/**
 * A connection that is online: what goes out is gathered and bounded, what comes in is handed on, and silence is judged.
 * Reading stops while the server does not read us, and while too much of what was read is still being handled.
 */
import { type Socket } from 'node:net'
import { type Element } from 'ltx'
import { type Clock } from '../clock'
import { watchLiveness } from './liveness'
import { makeOutgoing } from './outgoing'
import { type SelfPing } from './self-ping'

const SPACE_AFTER_MS = 60_000
/** Stanzas still being handled at which no more are read, and at which reading goes on. */
const BUSY = 1000
const CALM = 500

export interface AttachmentOptions {
  readonly socket: Socket
  readonly clock: Clock
  readonly selfPing: SelfPing
  readonly pingAfter: number
  readonly deadAfter: number
  readonly onStanza: (stanza: Element) => void | Promise<void>
  /** `onStanza` threw or rejected. */
  readonly onTrouble: (error: unknown) => void
  /** The link is dead: nothing comes in, or nothing is taken. */
  readonly onDead: (why: 'silent' | 'stuck', seconds: number) => void
}

export interface Attachment {
  /** Milliseconds of `clock.elapsed` at which it began. */
  readonly since: number
  /** Bytes came. */
  readonly heard: () => void
  readonly stanza: (stanza: Element) => void
  /** Resolves with whether the text was written. */
  readonly send: (text: string) => Promise<boolean>
  /** Resolves when no stanza is being handled any more, or the connection is over; undefined if none is. */
  readonly idle: () => Promise<void> | undefined
  /** Writes at once what was gathered, takes no more, and judges no more. */
  readonly finish: () => void
  /** The connection is over. */
  readonly end: () => void
}

/** Begins to watch the connection at once. */
export function attach(options: AttachmentOptions): Attachment {
  const { socket, clock, selfPing } = options
  const holding = new Set<'unread' | 'busy'>()
  let handling = 0
  const idlers: (() => void)[] = []

  function hold(why: 'unread' | 'busy', isHeld: boolean): void {
    if (isHeld) holding.add(why)
    else holding.delete(why)
    if (holding.size > 0) socket.pause()
    else socket.resume()
  }

  const outgoing = makeOutgoing(socket, clock, (isHeld) => hold('unread', isHeld))
  const liveness = watchLiveness({
    clock,
    pingAfter: options.pingAfter,
    deadAfter: options.deadAfter,
    spaceAfter: SPACE_AFTER_MS,
    silentFor: outgoing.silentFor,
    stuckFor: outgoing.stuckFor,
    isHeld: () => holding.size > 0,
    space: () => void outgoing.send(' '),
    ask: (again) => void outgoing.send(selfPing.question(again)),
    dead: options.onDead,
  })

  function follow(handled: Promise<void>): void {
    handling += 1
    if (handling === BUSY) hold('busy', true)
    handled.then(over, failed)
  }

  function over(): void {
    handling -= 1
    if (handling === CALM && holding.has('busy')) hold('busy', false)
    if (handling === 0) beIdle()
  }

  function failed(error: unknown): void {
    options.onTrouble(error)
    over()
  }

  function beIdle(): void {
    for (const tell of idlers.splice(0)) tell()
  }

  return {
    since: clock.elapsed(),
    heard: liveness.heard,
    stanza(stanza) {
      if (selfPing.isEcho(stanza)) return
      try {
        const handled = options.onStanza(stanza)
        if (handled !== undefined) follow(handled)
      } catch (error) {
        options.onTrouble(error)
      }
    },
    send: outgoing.send,
    idle: () => (handling === 0 ? undefined : new Promise((resolve) => idlers.push(resolve))),
    finish() {
      liveness.stop()
      outgoing.finish()
    },
    end() {
      liveness.stop()
      outgoing.end()
      beIdle()
    },
  }
}
