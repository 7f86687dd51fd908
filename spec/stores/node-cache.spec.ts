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

  describe('that is full', () => {
    const idsOf = (cache: ReturnType<typeof makeNodeCache>, names: readonly string[]) =>
      names.map((name) => cache.find(SERVICE, name)?.[0]?.id)
    const full = (maxPassing?: number) => {
      const cache = makeNodeCache(2, maxPassing)
      const keep = (name: string) => cache.keep(SERVICE, name, [registration(name, name)])
      keep('a')
      keep('b')
      keep('c')
      return { cache, keep }
    }

    it('hands out a node that was never asked for before once, and keeps the others', () => {
      const { cache } = full()
      expect([cache.get('c')?.id, cache.get('c')]).toEqual(['c', undefined])
      expect(idsOf(cache, ['a', 'b', 'c'])).toEqual(['a', 'b', undefined])
    })

    it.each([
      ['is found again on its way', (cache: ReturnType<typeof makeNodeCache>) => void cache.find(SERVICE, 'c')],
      [
        'is asked for another time',
        (cache: ReturnType<typeof makeNodeCache>) => {
          cache.get('c')
          cache.keep(SERVICE, 'c', [registration('c', 'c')])
        },
      ],
    ])('remembers a node that %s, in place of the one that was kept longest', (_, again) => {
      const { cache } = full()
      again(cache)
      expect(['a', 'b', 'c', 'c'].map((name) => cache.get(name)?.id)).toEqual([undefined, 'b', 'c', 'c'])
    })

    it('lets the one go that has been on its way for longest when there are too many of them', () => {
      const { cache, keep } = full(2)
      keep('d')
      keep('e')
      expect(['a', 'b', 'c', 'd', 'e'].map((name) => cache.get(name)?.id)).toEqual(['a', 'b', undefined, 'd', 'e'])
    })

    it('takes nodes of one name for those of their services', () => {
      const { cache } = full()
      cache.keep('other', 'c', [{ ...registration('d', 'c'), service: 'other' }])
      expect([cache.get('c')?.service, cache.get('d')?.service]).toEqual([SERVICE, 'other'])
    })

    it('remembers nothing of a node on its way that is dropped, and knows when one was published to', () => {
      const { cache, keep } = full()
      keep('d')
      cache.drop(SERVICE, 'c')
      cache.seen('d', 5)
      expect([cache.get('c'), cache.get('d')?.seenAt, cache.get('d')]).toEqual([undefined, 5, undefined])
    })
  })
})
