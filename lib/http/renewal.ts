/** Looks each minute whether the certificates of listeners were replaced, and has them proved with from then on. */
import { type Clock } from '../clock'
import { type Observe } from '../observe'

/** PEM of what a listener proves itself with; `clients`: the authorities whose client certificates it believes. */
export interface HttpTls {
  readonly certificate: Buffer
  readonly key: Buffer
  readonly clients?: Buffer
  /** What they are by now: undefined where that is the same, a text where it can't be used. */
  readonly again?: () => HttpTls | string | undefined
}

const EVERY = 60_000

/**
 * `tls`: of each listener, by where it listens. Told are the fresh ones; what can't be used, because a half of it is not written
 * yet for instance, is told once and looked at again. Returns what ends it.
 */
export function watchCertificates(options: {
  readonly tls: () => readonly (readonly [where: string, tls: HttpTls | undefined])[]
  readonly renew: (at: number, tls: HttpTls) => void
  readonly clock: Clock
  readonly observe: Observe
}): () => void {
  const { tls, renew, clock, observe } = options
  const told = new Map<number, string>()
  let cancel = (): void => undefined

  function look(): void {
    tls().forEach(([where, each], at) => {
      const fresh = each?.again?.()
      if (typeof fresh !== 'string') told.delete(at)
      if (fresh === undefined) return
      if (typeof fresh !== 'string') return renew(at, fresh)
      if (told.get(at) === fresh) return
      told.set(at, fresh)
      const text = `the new certificate can't be used: ${fresh}; it goes on with the one it had`
      observe({ at: 'notice', about: `http listener ${where}`, text })
    })
    schedule()
  }

  function schedule(): void {
    cancel = clock.after(EVERY, look)
  }

  if (tls().some(([, each]) => each?.again !== undefined)) schedule()
  return () => cancel()
}
