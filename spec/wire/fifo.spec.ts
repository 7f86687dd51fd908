import { makeFifo, makeTwoLanes } from '../../lib/wire/fifo'

describe('lib/wire/fifo', () => {
  it('gives back what came first, over thousands that come and go', () => {
    const queue = makeFifo<number>()
    let next = 0
    for (let number = 0; number < 5_000; number++) {
      queue.push(number)
      if (number % 3 > 0) expect(queue.shift()).toBe(next++)
    }
    expect(queue.length()).toBe(5_000 - next)
    while (queue.length() > 0) expect(queue.shift()).toBe(next++)
    expect(queue.shift()).toBeUndefined()
  })

  it('lets what is first go ahead of all that is not, each kind in its own order, also of what is put back', () => {
    const queue = makeTwoLanes<string>((item) => item.startsWith('call'))
    for (const item of ['a', 'b', 'call 1', 'c', 'call 2']) queue.push(item)
    expect(queue.length()).toBe(5)
    queue.unshift('returned')
    queue.unshift('call returned')
    const all = Array.from({ length: 8 }, () => queue.shift())
    expect(all).toEqual(['call returned', 'call 1', 'call 2', 'returned', 'a', 'b', 'c', undefined])
    expect(queue.length()).toBe(0)
  })
})
