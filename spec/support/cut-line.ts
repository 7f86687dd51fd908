/** A line to a server of 127.0.0.1 that can be cut and mended: a TCP proxy, for specs of what is lost on the way. */
import { type AddressInfo, type Socket, connect, createServer } from 'node:net'
import { once } from 'node:events'
import { type Transform } from 'node:stream'

export interface CutLine {
  readonly port: number
  /** Breaks what is open, and refuses what comes, until it is mended. */
  cut(): void
  mend(): void
  close(): Promise<void>
}

/** `sieve`: what goes through it is let through, one for each way of each connection. */
export async function makeCutLine(to: number, sieve?: () => Transform): Promise<CutLine> {
  const open = new Set<Socket>()
  let isCut = false
  const server = createServer((near) => {
    if (isCut) {
      near.destroy()
      return
    }
    const far = connect(to, '127.0.0.1')
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      open.add(one)
      one.on('error', () => undefined)
      one.on('close', () => {
        open.delete(one)
        other.destroy()
      })
      if (sieve === undefined) one.pipe(other)
      else one.pipe(sieve()).pipe(other)
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const cut = (): void => {
    isCut = true
    for (const socket of open) socket.destroy()
  }
  return Object.freeze({
    port: (server.address() as AddressInfo).port,
    cut,
    mend() {
      isCut = false
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  })
}
