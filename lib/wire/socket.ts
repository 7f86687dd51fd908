/** One socket until it is ready, and why it never was. Knows neither HTTP nor what is spoken once it is there. */
import { type Socket } from 'node:net'
import { type Clock } from '../clock'

/** A name with several addresses, one of them dead, costs at most this many milliseconds per dead one. */
export const NEXT_ADDRESS_AFTER = 1000

/** Why there is no connection, in words, and by Node's or OpenSSL's code where there is one. */
export interface NotDialled {
  readonly why: string
  readonly code?: string
}

/** What an error of the network or of TLS says, whichever of Node's shapes it has. */
export function wordsOf(error: unknown): string {
  if (typeof error !== 'object' || error === null) return String(error)
  // Of a name with several addresses: one error for each.
  if ('errors' in error && Array.isArray(error.errors) && error.errors.length > 0) {
    return error.errors.map(wordsOf).join('; ')
  }
  return 'message' in error && typeof error.message === 'string' && error.message !== ''
    ? error.message
    : 'no reason given'
}

function failed(error: unknown): NotDialled {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined
  return { why: wordsOf(error), ...(typeof code === 'string' ? { code } : {}) }
}

/** Waits until a socket is ready. `done` is told once. The function returned gives up. */
export function awaiting<S extends Socket>(
  socket: S,
  ready: 'connect' | 'secureConnect',
  timeout: number,
  clock: Clock,
  done: (result: S | NotDialled) => void,
): () => void {
  let over = false
  const cancel = clock.after(timeout, () => end({ why: `no connection within ${timeout} ms` }))
  const end = (result: S | NotDialled): void => {
    if (over) return
    over = true
    cancel()
    socket.off('close', closed)
    if (result !== socket) socket.destroy()
    done(result)
  }
  const closed = (): void => end({ why: 'the peer closed the connection during the TLS handshake' })
  // Stays for the socket's life: an error without a listener would end the process.
  socket.on('error', (error) => end(failed(error)))
  socket.once('close', closed)
  socket.once(ready, () => {
    socket.setNoDelay(true)
    end(socket)
  })
  return () => end({ why: 'given up' })
}
