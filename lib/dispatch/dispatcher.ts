/**
 * From the outbox to the push services: claim, look the address up, send once, judge, forget, settle.
 *
 * A delivery is out from claim to settle. `forget` is durable before `settle` begins, so a crash between the two only
 * repeats an attempt. What a dead process left claimed comes back as ambiguous: a call is then abandoned, all else is
 * sent again with the same id.
 */
import { setMaxListeners } from 'node:events'
import { type Clock } from '../clock'
import { type Observe } from '../observe'
import { type Claimed, type Outbox } from '../outbox/outbox'
import { type Registry } from '../stores/store'
import { type Fuse } from './fuse'
import { makeHolds } from './holds'
import { makeRamp } from './ramp'
import { makeSender, type SendingApp } from './sender'

export interface DispatcherOptions {
  readonly outbox: Outbox
  readonly registry: Registry
  readonly apps: () => ReadonlyMap<string, SendingApp>
  readonly fuse: Pick<Fuse, 'allows' | 'spare'>
  readonly clock: Clock
  readonly observe: Observe
}

export interface Dispatcher {
  start(): void
  /** Claims nothing more and waits until what is out is settled, for at most so many milliseconds. */
  drain(within: number): Promise<void>
  /** An app's credential was replaced: it is tried again at once. */
  release(app: string): void
  /** Why an app is held, by app. */
  held(): ReadonlyMap<string, string>
}

/** Milliseconds until a broken outbox is asked again. */
const PAUSE = 1_000

export function makeDispatcher(options: DispatcherOptions): Dispatcher {
  const { outbox, clock, observe } = options
  const out = new Map<string, number>()
  /** Claims that were asked for and not answered yet: what they bring is out. */
  let asking = 0
  const drained: (() => void)[] = []
  const stopping = new AbortController()
  // Where the store takes nothing, each delivery that is out waits for its next try, or for this.
  setMaxListeners(0, stopping.signal)
  let isRunning = false
  let isScheduled = false
  const ramp = makeRamp()
  const holds = makeHolds({ apps: options.apps, clock, observe, onRoom: claimSoon })
  const send = makeSender({ ...options, holds, stopping: stopping.signal })

  function room(): ReadonlyMap<string, number> {
    const free = new Map<string, number>()
    for (const [name, app] of options.apps()) {
      const left = ramp.limit(name, holds.limit(name, app.provider.concurrency)) - (out.get(name) ?? 0)
      if (left > 0) free.set(name, left)
    }
    return free
  }

  /** One claim waits at the outbox at a time; whatever changes the room asks again, once per turn of the event loop. */
  function claimSoon(): void {
    if (!isRunning || isScheduled) return
    isScheduled = true
    setImmediate(() => {
      isScheduled = false
      if (isRunning) void claim()
    })
  }

  async function claim(): Promise<void> {
    let claimed: readonly Claimed[]
    asking += 1
    try {
      claimed = await outbox.claim(room())
    } catch (error) {
      answered()
      const text = `nothing could be claimed: ${error instanceof Error ? error.message : String(error)}`
      observe({ at: 'trouble', about: 'outbox', text })
      clock.after(PAUSE, claimSoon)
      return
    }
    for (const { delivery } of claimed) out.set(delivery.app, (out.get(delivery.app) ?? 0) + 1)
    answered()
    if (claimed.length === 0) return
    claimSoon()
    send(claimed, settled)
  }

  function answered(): void {
    asking -= 1
    tellDrained()
  }

  function isDrained(): boolean {
    return out.size === 0 && asking === 0
  }

  function tellDrained(): void {
    if (isDrained()) for (const tell of drained.splice(0)) tell()
  }

  function settled(app: string): void {
    const left = (out.get(app) ?? 1) - 1
    if (left > 0) out.set(app, left)
    else out.delete(app)
    ramp.settled(app)
    tellDrained()
    claimSoon()
  }

  return Object.freeze({
    start() {
      isRunning = true
      claimSoon()
    },
    async drain(within: number) {
      isRunning = false
      // Takes the waiting claim back: with no room for any app, nothing more is handed out.
      void outbox.claim(new Map()).catch(() => undefined)
      if (!isDrained()) {
        await new Promise<void>((done) => {
          const cancel = clock.after(within, done)
          drained.push(() => {
            cancel()
            done()
          })
        })
      }
      stopping.abort()
    },
    release(app: string) {
      holds.release(app)
      // The claim that waits may know nothing of it: it was asked before the app was there.
      claimSoon()
    },
    held: () => holds.reasons(),
  })
}
