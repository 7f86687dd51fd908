import { makeJournal } from '../../lib/sim/journal'

describe('lib/sim/journal', () => {
  it('hands out each entry once, in order, past and to come', async () => {
    const { journal, record } = makeJournal<string>('a word')
    record('a')
    record('b')
    expect(await journal.next()).toBe('a')
    expect(await journal.next()).toBe('b')
    const [third, fourth] = [journal.next(), journal.next()]
    record('c')
    record('d')
    expect(await Promise.all([third, fourth])).toEqual(['c', 'd'])
    expect(journal.entries).toEqual(['a', 'b', 'c', 'd'])
  })

  it('waits for an entry that is so, be it past or to come', async () => {
    const { journal, record } = makeJournal<string>('a word')
    record('a')
    expect(await journal.waitFor((word) => word === 'a')).toBe('a')
    const coming = journal.waitFor((word) => word === 'c')
    record('b')
    record('c')
    expect(await coming).toBe('c')
  })

  it('gives up, and says what it waited for', async () => {
    const { journal, record } = makeJournal<string>('a word')
    record('a')
    await expect(journal.waitFor((word) => word === 'z', 1)).rejects.toThrow('for a word; 1 came in all')
    await journal.next()
    await expect(journal.next(1)).rejects.toThrow('waited 1 ms')
  })

  it('forgets the oldest when it is full, and goes on with what is left', async () => {
    const { journal, record } = makeJournal<number>('a number', 10)
    for (let number = 1; number <= 3; number++) record(number)
    expect(await journal.next()).toBe(1)
    const coming = journal.waitFor((number) => number === 25)
    for (let number = 4; number <= 25; number++) record(number)
    expect(journal.entries).toEqual([16, 17, 18, 19, 20, 21, 22, 23, 24, 25])
    expect(await journal.next()).toBe(16)
    expect(await journal.next()).toBe(17)
    expect(await coming).toBe(25)
    await expect(journal.waitFor((number) => number === 2, 1)).rejects.toThrow('25 came in all')
  })

  it('tells listeners until they have heard enough', () => {
    const { journal, record } = makeJournal<string>('a word')
    const heard: string[] = []
    const stop = journal.listen((word) => heard.push(word))
    record('a')
    stop()
    record('b')
    expect(heard).toEqual(['a'])
  })
})
