/** A configured store whose disk can be made to fail: while it does, whatever is to be read or written rejects. */
import { type Config } from '../../lib/config'
import { Unavailable } from '../../lib/model/unavailable'
import { type Store } from '../../lib/stores/store'

export interface FailingStore {
  readonly store: Config['store']
  /** From now on, until it is told otherwise. */
  readonly fail: (isDown: boolean) => void
}

export function failing(configured: Config['store']): FailingStore {
  let isDown = false
  const guarded = <T extends object>(part: T): T =>
    new Proxy(part, {
      get(target, name, receiver) {
        const member: unknown = Reflect.get(target, name, receiver)
        if (typeof member !== 'function') return member
        return (...said: unknown[]): unknown =>
          isDown ? Promise.reject(new Unavailable('the disk is full; make room')) : Reflect.apply(member, target, said)
      },
    })
  return {
    store: Object.freeze({
      ...configured,
      open: async (surroundings: Parameters<typeof configured.open>[0]): Promise<Store> => {
        const store = await configured.open(surroundings)
        const outbox = guarded({ put: (...said: Parameters<Store['outbox']['put']>) => store.outbox.put(...said) })
        const [keep, records] = [guarded({ ...store.keep }), guarded({ ...store.records })]
        // Its clock needs no disk.
        const registry = { ...guarded({ ...store.registry }), now: () => store.registry.now() }
        return { ...store, registry, keep, records, outbox: { ...store.outbox, put: outbox.put } }
      },
    }),
    fail: (down) => void (isDown = down),
  }
}
