// HTTP/2 frames written and read by hand (RFC 9113, RFC 7541 §6.2.2), for what no library can be made to do. It shares no code with lib.

import { once } from 'node:events'
import { connect } from 'node:tls'

export interface HandFrame {
  readonly type: number
  readonly flags: number
  readonly stream: number
  readonly payload: Buffer
}

export const TYPE = { DATA: 0, HEADERS: 1, PRIORITY: 2, RST: 3, SETTINGS: 4, PING: 6, GOAWAY: 7 } as const

/** An integer with a prefix of 7 bits (RFC 7541 §5.1). */
const integer = (value: number): number[] => {
  if (value < 127) return [value]
  const rest = value - 127
  return rest < 128 ? [127, rest] : [127, (rest & 127) | 128, rest >> 7]
}

const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from(integer(value.length)), Buffer.from(value, 'latin1')])

export const encodeFrame = ({ type, flags, stream, payload }: HandFrame): Buffer => {
  const head = Buffer.alloc(9)
  head.writeUIntBE(payload.length, 0, 3)
  head.writeUInt8(type, 3)
  head.writeUInt8(flags, 4)
  head.writeUInt32BE(stream, 5)
  return Buffer.concat([head, payload])
}

export interface HandClient {
  readonly send: (type: number, flags: number, stream: number, payload?: Buffer) => void
  /** HEADERS with END_HEADERS, and END_STREAM if the request has no body. */
  readonly request: (stream: number, headers: Readonly<Record<string, string>>, body?: string) => void
  /** The next frame of a type that was not handed out yet. */
  readonly frame: (type: number) => Promise<HandFrame>
  readonly close: () => void
}

/** Connects and sends the preface with empty SETTINGS; acknowledges nothing by itself. */
export const connectByHand = async (port: number, ca: string): Promise<HandClient> => {
  const socket = connect({ host: '127.0.0.1', port, ca, ALPNProtocols: ['h2'] })
  await once(socket, 'secureConnect')
  socket.on('error', () => undefined)
  const frames: HandFrame[] = []
  const waiting = new Set<() => void>()
  let pending: Buffer = Buffer.alloc(0)
  socket.on('data', (chunk: Buffer) => {
    pending = Buffer.concat([pending, chunk])
    while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
      const end = 9 + pending.readUIntBE(0, 3)
      frames.push({
        type: pending.readUInt8(3),
        flags: pending.readUInt8(4),
        stream: pending.readUInt32BE(5),
        payload: pending.subarray(9, end),
      })
      pending = pending.subarray(end)
    }
    for (const look of [...waiting]) look()
  })
  const send = (type: number, flags: number, stream: number, payload: Buffer = Buffer.alloc(0)) => {
    socket.write(encodeFrame({ type, flags, stream, payload }))
  }
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n')
  send(TYPE.SETTINGS, 0, 0)
  return {
    send,
    request: (stream, headers, body) => {
      const fields = Object.entries(headers).map(([name, value]) =>
        Buffer.concat([Buffer.from([0]), text(name), text(value)]),
      )
      send(TYPE.HEADERS, body === undefined ? 0x5 : 0x4, stream, Buffer.concat(fields))
      if (body !== undefined) send(TYPE.DATA, 0x1, stream, Buffer.from(body))
    },
    frame: (type) =>
      new Promise((resolve) => {
        const look = () => {
          const at = frames.findIndex((one) => one.type === type)
          const [found] = at === -1 ? [] : frames.splice(at, 1)
          if (found === undefined) return
          waiting.delete(look)
          resolve(found)
        }
        waiting.add(look)
        look()
      }),
    close: () => {
      socket.destroy()
    },
  }
}
