/**
 * The glance as server-sent events: read once a second while anybody looks, spelt once for all, and of it only what changed. Knows no
 * route and no session.
 */
import { type Glance } from '../admin/glance'
import { type Clock } from '../clock'

/** Milliseconds between two glances. */
const EVERY = 1_000
/** Pages that may be open at once. */
const MOST_VIEWERS = 100
/** Bytes that a browser may leave unread before it is cut off; it comes back by itself. */
const MOST_UNREAD = 1024 * 1024

/** The parts of a glance by name, each as JSON: two glances are compared by them. */
type Parts = ReadonlyMap<string, string>

export interface Feed {
  /** A stream of events for one page; undefined where too many are open. `isGood`: asked every second, false ends it. */
  open(isGood: () => boolean): ReadableStream<Uint8Array> | undefined
}

interface Viewer {
  readonly send: (bytes: Uint8Array) => boolean
  readonly isGood: () => boolean
  readonly end: () => void
}

function partsOf({ service, apps, queue, times, failures }: Glance): Parts {
  return new Map([
    ['service', JSON.stringify(service)],
    ...apps.map((app): [string, string] => [`app ${app.app}`, JSON.stringify(app)]),
    ['order', JSON.stringify(apps.map(({ app }) => app))],
    ['queue', JSON.stringify(queue)],
    ['times', JSON.stringify(times)],
    ['failures', JSON.stringify(failures)],
  ])
}

/** Puts JSON texts together; none of them has a line end, so one line of the stream holds them. */
function spell(
  event: 'all' | 'change',
  seconds: Glance['seconds'],
  parts: Iterable<readonly [string, string]>,
): Uint8Array {
  const members = [...parts].map(([name, json]) => `${JSON.stringify(name)}:${json}`)
  const data = `{"seconds":${JSON.stringify(seconds)},"parts":{${members.join(',')}}}`
  return Buffer.from(`event: ${event}\ndata: ${data}\n\n`)
}

export function makeFeed({ glance, clock }: { readonly glance: () => Promise<Glance>; readonly clock: Clock }): Feed {
  const viewers = new Set<Viewer>()
  /** Those that have had nothing yet. */
  const fresh = new Set<Viewer>()
  let shown: Parts = new Map()
  let last: Glance | undefined
  let isLooking = false

  function give(viewer: Viewer, bytes: Uint8Array): void {
    if (!viewer.isGood() || !viewer.send(bytes)) viewer.end()
  }

  async function look(): Promise<void> {
    const told = await glance()
    const parts = partsOf(told)
    const changed = [...parts].filter(([name, json]) => shown.get(name) !== json)
    // Half a second of play: the seconds of two readings are told by two readings of the clock.
    const before = (last?.seconds.at(-1)?.at ?? 0) + 500
    const change = spell(
      'change',
      told.seconds.filter(({ at }) => at > before),
      changed,
    )
    const known = [...viewers].filter((viewer) => !fresh.has(viewer))
    if (fresh.size > 0) {
      const all = spell('all', told.seconds, parts)
      for (const viewer of fresh) give(viewer, all)
      fresh.clear()
    }
    for (const viewer of known) give(viewer, change)
    shown = parts
    last = told
  }

  /** Goes on as long as anybody looks; one round at a time. */
  async function rounds(): Promise<void> {
    if (isLooking) return
    isLooking = true
    try {
      while (viewers.size > 0) {
        const since = clock.elapsed()
        await look()
        await clock.sleep(Math.max(0, EVERY - (clock.elapsed() - since)))
      }
    } finally {
      isLooking = false
    }
  }

  return Object.freeze({
    open(isGood: () => boolean) {
      if (viewers.size >= MOST_VIEWERS) return undefined
      let viewer: Viewer | undefined
      const forget = (): void => {
        if (viewer === undefined) return
        viewers.delete(viewer)
        fresh.delete(viewer)
      }
      return new ReadableStream<Uint8Array>(
        {
          start(controller) {
            viewer = {
              isGood,
              send(bytes) {
                if ((controller.desiredSize ?? 0) <= 0) return false
                controller.enqueue(bytes)
                return true
              },
              end() {
                forget()
                controller.close()
              },
            }
            viewers.add(viewer)
            // Somebody looks already, so what was told last is a second old at most.
            if (isLooking && last !== undefined) controller.enqueue(spell('all', last.seconds, shown))
            else fresh.add(viewer)
            void rounds()
          },
          cancel: forget,
        },
        new ByteLengthQueuingStrategy({ highWaterMark: MOST_UNREAD }),
      )
    },
  })
}
