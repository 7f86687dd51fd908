/** A stretch of network in front of one simulator, which can lose, hold up and cut what passes. Knows bytes, not protocols. */
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'

/**
 * `reset`: every connection gets an RST. `refuse`: new ones too. `black hole`: nothing passes either way, nothing ends.
 * `half-open`: what the client sends passes, no answer does. `slow`: every piece is late by a quarter of a second.
 */
export const troubles = ['reset', 'refuse', 'black hole', 'half-open', 'slow'] as const
export type NetworkTrouble = (typeof troubles)[number]

export interface Network {
  readonly port: number
  /** Begins a trouble; the function returned ends it. What was held up goes on then, if `isHealed`, else its connection is reset. */
  trouble(kind: NetworkTrouble): (isHealed: boolean) => void
  close(): Promise<void>
}

/** Milliseconds that a piece is under way. */
const [USUAL, LATE] = [25, 250]

interface Pair {
  readonly client: Socket
  readonly server: Socket
}

/** Listens on a free port of 127.0.0.1 and passes everything on to `port`. */
export async function layNetwork(port: number): Promise<Network> {
  const pairs = new Set<Pair>()
  let current: NetworkTrouble | undefined

  const pass = (from: Socket, to: Socket): void => {
    const line: { readonly at: number; readonly carry: () => unknown }[] = []
    const run = (): void => {
      for (let first = line[0]; first !== undefined; first = line[0]) {
        const wait = first.at - performance.now()
        if (wait > 0) return void setTimeout(run, Math.ceil(wait))
        line.shift()
        if (!to.destroyed) first.carry()
      }
    }
    /** In order, whatever the delay of each. */
    const carry = (what: () => unknown): void => {
      const at = performance.now() + (current === 'slow' ? LATE : USUAL)
      line.push({ at: Math.max(at, line.at(-1)?.at ?? 0), carry: what })
      if (line.length === 1) run()
    }
    from.on('data', (piece: Buffer) => carry(() => to.write(piece)))
    from.on('end', () => carry(() => to.end()))
    from.on('error', () => undefined)
    from.on('close', () => carry(() => to.destroy()))
  }
  const isHeld = (socket: Socket): boolean =>
    current === 'black hole' || (current === 'half-open' && [...pairs].some(({ server }) => server === socket))
  const hold = (): void => {
    for (const { client, server } of pairs) for (const socket of [client, server]) if (isHeld(socket)) socket.pause()
  }
  const resetAll = (): void => {
    for (const { client, server } of pairs) {
      client.resetAndDestroy()
      server.destroy()
    }
    pairs.clear()
  }

  const listener = createServer({ allowHalfOpen: true }, (client) => {
    if (current === 'refuse') return void client.resetAndDestroy()
    const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true })
    const pair = { client, server }
    pairs.add(pair)
    for (const socket of [client, server]) socket.setNoDelay(true)
    pass(client, server)
    pass(server, client)
    client.on('close', () => pairs.delete(pair))
    hold()
  })
  await new Promise<void>((ready) => listener.listen(0, '127.0.0.1', ready))
  return Object.freeze({
    port: (listener.address() as AddressInfo).port,
    trouble(kind: NetworkTrouble) {
      current = kind
      if (kind === 'reset' || kind === 'refuse') resetAll()
      if (kind === 'reset') current = undefined
      hold()
      return (isHealed: boolean) => {
        current = undefined
        if (!isHealed) resetAll()
        for (const { client, server } of pairs) for (const socket of [client, server]) socket.resume()
      }
    },
    async close() {
      resetAll()
      await new Promise((closed) => listener.close(closed))
    },
  })
}
