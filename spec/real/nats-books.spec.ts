/** The books of a chaos run, read from the journals of a real NATS server: what they know of deliveries that nobody saw lie there. */
import { readBooks } from '../../bench/chaos/nats-books'
import { type Commit } from '../../lib/outbox/nats-journal'
import { emptyCommit } from '../../lib/outbox/nats-partition'
import { endedLine } from '../../lib/stores/trace-lines'
import { uuid } from '../contracts/outbox-scene'
import { realDescribe } from '../support/available'
import { handClock } from '../support/hand-clock'
import { startNats } from '../support/nats-cluster'
import { natsOptions, outboxesOn } from '../support/nats-outbox'
import { serverForAll } from '../support/real-server'

const APP = 'org.example.ios'
const ids = [uuid(), uuid(), uuid()]
const lineOf = (id: string): string =>
  endedLine(id, { target: 'juliet', app: APP, class: 'message', accepted: 1, notes: 'null' }, 2, 'delivered', null)

realDescribe('nats', 'the books of a run', () => {
  const server = serverForAll(() => startNats())
  const { opened, open, operator } = outboxesOn(server)
  const nothing: Commit = emptyCommit({ at: 1, took: 3 })
  const ended: Commit = { ...nothing, counts: { [APP]: { delivered: 3 } }, ended: [1, 2, 3] }

  it.each([
    { how: 'along with its end', last: [{ ...ended, lines: ids.map(lineOf).join('') }] },
    {
      how: 'ahead of it',
      last: [
        { ...nothing, lines: ids.slice(0, 2).map(lineOf).join('') },
        { ...nothing, lines: lineOf(ids[2] ?? '') },
        ended,
      ],
    },
  ])('tell which were out when their instance was killed, by the story that came $how', async ({ last }) => {
    const options = natsOptions(server(), { partitions: 1 })
    await open(handClock(), options, false)
    await opened.pop()?.close()
    const words: readonly Commit[] = [
      { ...nothing, took: 0, by: 'romeo' },
      { ...nothing, counts: { [APP]: { accepted: 3 } }, out: [1, 3] },
      { ...nothing, by: 'juliet' },
      ...last,
    ]
    for (const its of words) await operator().request(`${options.stream}.journal.0`, JSON.stringify(its))
    const books = await readBooks(operator(), options.stream, 1)
    expect(await books.see()).toEqual({ closes: true, left: 0 })
    const [{ from, isTaken, out } = { from: '', isTaken: false, out: [] }] = books.handovers
    expect([from, isTaken, out.map((seq) => books.ids.get(seq))]).toEqual(['romeo', true, [ids[0], ids[2]]])
  })

  it('take no story for that of another where one of those that ended has none', async () => {
    const options = natsOptions(server(), { partitions: 1 })
    await open(handClock(), options, false)
    await opened.pop()?.close()
    const its: Commit = {
      ...ended,
      counts: { [APP]: { accepted: 2, delivered: 2 } },
      lines: ids.slice(1).map(lineOf).join(''),
    }
    await operator().request(`${options.stream}.journal.0`, JSON.stringify({ ...its, by: 'romeo' }))
    const books = await readBooks(operator(), options.stream, 1)
    expect(await books.see()).toEqual({ closes: true, left: 0 })
    expect([...books.ids]).toEqual([])
  })
})
