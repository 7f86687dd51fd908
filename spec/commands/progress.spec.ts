import { makeProgress, progressLine, type ProgressStream } from '../../lib/commands/progress'
import { handClock } from '../support/hand-clock'

interface FakeTerminal extends ProgressStream {
  readonly written: string[]
}

function fakeTerminal(isTTY: boolean, columns?: number): FakeTerminal {
  const written: string[] = []
  return { isTTY, ...(columns === undefined ? {} : { columns }), write: (text) => void written.push(text), written }
}

describe('lib/commands/progress', () => {
  it('tells share, count, rate and what is left', () => {
    expect(progressLine('devices', 250_000, 1_000_000, 5_000)).toBe(
      'devices  [#####...............]  25 %  250,000 of 1,000,000  50,000/s  15 s left',
    )
    expect(progressLine('devices', 999_999, 1_000_000, 20_000)).toContain('  99 %  ')
    expect(progressLine('devices', 1_000_000, 1_000_000, 20_000)).toBe(
      'devices  [####################]  100 %  1,000,000 of 1,000,000  50,000/s',
    )
  })

  it('tells count and rate where nobody knows how much it is', () => {
    expect(progressLine('devices', 1_500, undefined, 1_000)).toBe('devices  1,500  1,500/s')
    expect(progressLine('devices', 0, 0, 0)).toBe('devices  0  0/s')
  })

  it('is drawn over itself, at most ten times a second, once the work has taken half a second', async () => {
    const clock = handClock()
    const stream = fakeTerminal(true)
    const progress = makeProgress('devices', { stream, clock })
    for (let done = 1; done <= 1_000; done++) {
      await clock.advance(1)
      progress.at(done, 2_000)
    }
    expect(stream.written).toHaveLength(6)
    expect(stream.written[0]).toMatch(
      /^\r\u001b\[Kdevices {2}\[#+\.+\] {2}25 % {2}500 of 2,000 {2}1,000\/s {2}2 s left$/,
    )
    for (const text of stream.written) expect(text).not.toContain('\n')
    progress.end()
    progress.end()
    expect(stream.written.slice(6)).toEqual(['\r\u001b[K'])
  })

  it('is no wider than the terminal', async () => {
    const clock = handClock()
    const stream = fakeTerminal(true, 20)
    const progress = makeProgress('devices', { stream, clock })
    await clock.advance(1_000)
    progress.at(1, 2)
    expect(stream.written[0]).toBe('\r\u001b[Kdevices  [#########')
  })

  it('takes a terminal that does not know its width for one of the usual width', async () => {
    const clock = handClock()
    const stream = fakeTerminal(true, 0)
    const progress = makeProgress('devices', { stream, clock })
    await clock.advance(1_000)
    progress.at(1, 2)
    expect(stream.written[0]).toHaveLength(
      '\r\u001b[K'.length + 'devices  [##########..........]  50 %  1 of 2  1/s  1 s left'.length,
    )
  })

  it('begins anew with another part of the work', async () => {
    const clock = handClock()
    const stream = fakeTerminal(true)
    const progress = makeProgress('devices', { stream, clock })
    await clock.advance(10_000)
    progress.next('devices compared')
    await clock.advance(1_000)
    progress.at(100)
    expect(stream.written).toEqual(['\r\u001b[Kdevices compared  100  100/s'])
  })

  it('is silent in a pipe, and where nothing was drawn there is nothing to take away', async () => {
    const clock = handClock()
    for (const stream of [fakeTerminal(false), undefined]) {
      const progress = makeProgress('devices', { stream, clock })
      await clock.advance(1_000)
      progress.at(1, 2)
      progress.end()
      expect(stream?.written ?? []).toEqual([])
    }
    const stream = fakeTerminal(true)
    makeProgress('devices', { stream, clock }).end()
    expect(stream.written).toEqual([])
  })
})
