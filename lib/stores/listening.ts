/** Who in this process waits to hear what came of a delivery. Knows nothing of where deliveries are kept. */
import { type Clock } from '../clock'
import { type Heard, type Outbox, type Settlement } from '../outbox/outbox'

interface Listener {
  tell(heard: Heard | undefined): void
}

export interface Listening extends Pick<Outbox, 'heard' | 'isListenedTo'> {
  /** Tells whoever listens what was settled. */
  settled(settlements: readonly Settlement[]): void
  /** Ends all listening. */
  close(): void
}

function heardOf(settlement: Settlement): Heard {
  const { outcome } = settlement
  return {
    ...(outcome === undefined ? {} : { outcome }),
    ...('end' in settlement ? { end: settlement.end } : {}),
  }
}

export function makeListening(clock: Clock): Listening {
  let isClosed = false
  const listeners = new Map<string, Set<Listener>>()
  return Object.freeze({
    heard(id: string, within: number) {
      if (isClosed) return Promise.resolve(undefined)
      return new Promise<Heard | undefined>((resolve) => {
        const listener: Listener = {
          tell(heard) {
            cancel()
            its.delete(listener)
            if (its.size === 0) listeners.delete(id)
            resolve(heard)
          },
        }
        const its = listeners.get(id) ?? new Set()
        listeners.set(id, its.add(listener))
        const cancel = clock.after(within, () => listener.tell(undefined))
      })
    },
    isListenedTo: (id: string) => listeners.has(id),
    settled(settlements: readonly Settlement[]) {
      if (listeners.size === 0) return
      for (const settlement of settlements) {
        for (const listener of listeners.get(settlement.id) ?? []) listener.tell(heardOf(settlement))
      }
    },
    close() {
      isClosed = true
      for (const its of [...listeners.values()]) for (const listener of [...its]) listener.tell(undefined)
    },
  })
}
