import { Writable } from 'node:stream'
import { makeFrameWriter } from '../../../lib/wire/h2/frame-writer'
import { settle } from '../../support/hand-clock'

/** A socket that reads from what it was handed only when it is told to. */
const slowSocket = () => {
  const lent: Buffer[] = []
  const read: Buffer[] = []
  let done: (() => void) | undefined
  const socket = new Writable({
    highWaterMark: 1,
    write(chunk: Buffer, _encoding, then) {
      lent.push(chunk)
      done = () => {
        read.push(Buffer.from(chunk))
        then()
      }
    },
  })
  const readOne = async (): Promise<void> => {
    const now = done
    done = undefined
    now?.()
    await settle(2)
  }
  return { socket, lent, read, readOne }
}

describe('wire/h2/frame-writer', () => {
  it('hands over once for each turn, and tells when', async () => {
    const { socket, lent } = slowSocket()
    let written = 0
    const writer = makeFrameWriter(socket, () => written++)
    for (let n = 0; n < 10; n++) writer.text(0, 1, 1, 'é', 2)
    expect([lent.length, written]).toEqual([0, 0])
    await settle(2)
    expect([lent.length, written]).toEqual([1, 1])
    expect(lent[0]?.subarray(0, 11)).toEqual(Buffer.from([0, 0, 2, 0, 1, 0, 0, 0, 1, 0xc3, 0xa9]))
    expect(lent[0]).toHaveLength(110)
  })

  it('never writes over what the socket has not read', async () => {
    const { socket, read, readOne } = slowSocket()
    const writer = makeFrameWriter(socket, () => undefined)
    const expected: Buffer[] = []
    for (let turn = 0; turn < 60; turn++) {
      for (let n = 0; n < 1 + (turn % 7); n++) {
        const payload = Buffer.alloc(1000 * (1 + (turn % 16)), turn)
        writer.frame(0, 0, turn + 1, payload)
        expected.push(Buffer.from([0, payload.length >> 8, payload.length & 0xff, 0, 0, 0, 0, 0, turn + 1]), payload)
      }
      await settle(2)
      if (turn % 3 === 0) await readOne()
    }
    const whole = Buffer.concat(expected)
    while (read.reduce((sum, { length }) => sum + length, 0) < whole.length) await readOne()
    expect(Buffer.concat(read).equals(whole)).toBe(true)
  })

  it('keeps what is gathered while the socket ends to read what it had', async () => {
    const { socket, read, readOne } = slowSocket()
    const writer = makeFrameWriter(socket, () => undefined)
    writer.raw(Buffer.from('a'))
    await settle(2)
    writer.raw(Buffer.from('b'))
    await readOne()
    writer.raw(Buffer.from('c'))
    await settle(2)
    while (read.length < 3) await readOne()
    expect(Buffer.concat(read).toString()).toBe('abc')
  })

  it('hands over nothing more once it was stopped', async () => {
    const { socket, lent } = slowSocket()
    let written = 0
    const writer = makeFrameWriter(socket, () => written++)
    writer.raw(Buffer.from('a'))
    writer.stop()
    writer.flush()
    await settle(2)
    expect([lent.length, written]).toEqual([0, 0])
  })
})
