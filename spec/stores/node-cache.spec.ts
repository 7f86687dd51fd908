import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { type Registration } from '../../lib/model/registration'
import { makeNodeCache } from '../../lib/stores/node-cache'

const SERVICE = 'push.example.com'

const registration = (id: string, node: string): Registration => ({
  ...{ id, node, service: SERVICE, owner: 'juliet@example.com', dialect: 'tigase', device: id, app: 'app' },
  ...{ hints: {}, registeredAt: 1, seenAt: 1 },
})

describe('lib/stores/node-cache', () => {
  it('finds what it keeps by node and by id', () => {
    const cache = makeNodeCache()
    const kept = registration('1', 'a')
    cache.keep(SERVICE, 'a', [kept])
    expect(cache.find(SERVICE, 'a')).toEqual([kept])
    expect(cache.get('1')).toBe(kept)
    expect([cache.find(SERVICE, 'b'), cache.find('other', 'a'), cache.get('2')]).toEqual([
      undefined,
      undefined,
      undefined,
    ])
  })

  it('remembers when one of a node was published to, and leaves the others as they are', () => {
    const cache = makeNodeCache()
    const [one, other] = [registration('1', 'a'), registration('2', 'a')]
    cache.keep(SERVICE, 'a', [one, other])
    cache.seen('1', 5)
    cache.seen('1', 4)
    cache.seen('3', 5)
    expect(cache.find(SERVICE, 'a')).toEqual([{ ...one, seenAt: 5 }, other])
    expect(cache.get('1')).toEqual({ ...one, seenAt: 5 })
    expect(cache.get('2')).toBe(other)
    cache.drop(SERVICE, 'a')
    expect([cache.find(SERVICE, 'a'), cache.get('1'), cache.get('2')]).toEqual([undefined, undefined, undefined])
  })

  it.each([
    ['the node', (cache: ReturnType<typeof makeNodeCache>) => cache.drop(SERVICE, 'a')],
    ['the node of an id', (cache: ReturnType<typeof makeNodeCache>) => cache.dropNodeOf('1')],
    ['a node that has no registration left', (cache: ReturnType<typeof makeNodeCache>) => cache.keep(SERVICE, 'a', [])],
  ])('knows nothing any more when it drops %s', (_, drop) => {
    const cache = makeNodeCache()
    cache.keep(SERVICE, 'a', [registration('1', 'a'), registration('2', 'a')])
    cache.keep(SERVICE, 'b', [registration('3', 'b')])
    drop(cache)
    expect([cache.find(SERVICE, 'a'), cache.get('1'), cache.get('2')]).toEqual([undefined, undefined, undefined])
    expect(cache.get('3')?.node).toBe('b')
  })

  it('keeps nothing alive of the text that a node was read from', () => {
    setFlagsFromString('--expose-gc')
    const collect = runInNewContext('gc') as () => void
    const cache = makeNodeCache()
    collect()
    const before = process.memoryUsage().heapUsed
    for (let at = 0; at < 200; at++) {
      const node = Buffer.alloc(65_536, `${at} and so on, `).toString('latin1').slice(100, 140)
      cache.keep(SERVICE, node, [registration(`${at}`, Buffer.from(node).toString('latin1'))])
    }
    collect()
    // 12.5 MiB were read.
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(4 * 1024 * 1024)
    expect(cache.get('199')?.id).toBe('199')
  })

  it('forgets the node that was kept longest when it is full', () => {
    const cache = makeNodeCache(2)
    for (const name of ['a', 'b', 'c']) cache.keep(SERVICE, name, [registration(name, name)])
    expect(['a', 'b', 'c'].map((name) => cache.get(name)?.id)).toEqual([undefined, 'b', 'c'])
  })
})
