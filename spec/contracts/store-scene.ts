/** What the parts of the store's conformance suite share. */
import { Opaque } from '../../lib/model/opaque'
import { type Registration } from '../../lib/model/registration'
import { type NewRegistration, type Registry, type Store } from '../../lib/stores/store'
import { type HandClock } from '../support/hand-clock'
import { fresh, uuid } from './outbox-scene'

export interface StoreSetUp {
  /** A place for data of its own, where a store is opened again and again. `bound`: how many deliveries may wait. */
  (options: { readonly bound: number }): Promise<{ readonly clock: HandClock; open(): Promise<Store> }>
}

export interface StoreScene {
  readonly store: Store
  readonly registry: Registry
  /** A service that no other test has. */
  readonly service: string
  /** Closes the store and opens it again on the same data. */
  readonly reopen: () => Promise<void>
  /** Registers a device of Juliet's, with other words where they matter. */
  readonly register: (its?: Partial<NewRegistration>) => Promise<Registration>
  /** Lets so many milliseconds pass. */
  readonly pass: (ms: number) => Promise<void>
  readonly now: () => number
  readonly find: (node: string) => Promise<readonly Registration[]>
}

/** Opens one store for all tests of the suite that is being declared. */
export function storeScene(setUp: StoreSetUp): StoreScene {
  let store: Store | undefined
  let open: (() => Promise<Store>) | undefined
  let clock: HandClock | undefined
  let service = ''
  beforeAll(async () => {
    const place = await setUp({ bound: 1000 })
    clock = place.clock
    open = () => place.open()
    store = await open()
  })
  afterAll(() => store?.close())
  beforeEach(() => {
    service = `${fresh('push')}.example.com`
  })
  const opened = (): Store => {
    if (store === undefined) throw new Error('the store did not open')
    return store
  }
  return {
    get store() {
      return opened()
    },
    get registry() {
      return opened().registry
    },
    get service() {
      return service
    },
    pass: async (ms) => clock?.advance(ms),
    now: () => clock?.now() ?? 0,
    async reopen() {
      await opened().close()
      store = await open?.()
    },
    register: (its = {}) =>
      opened().registry.register({
        id: uuid(),
        service,
        node: fresh('node'),
        owner: 'juliet@example.com',
        dialect: 'tigase',
        device: 'phone',
        app: 'org.example.ios',
        address: new Opaque('token-of-her-phone'),
        hints: {},
        at: 1000,
        ...its,
      }),
    async find(node) {
      const [found] = await opened().registry.find([{ service, node }])
      return found ?? []
    },
  }
}

/** A registration as a test compares it: opaque values revealed, for they all look alike. */
export function shown(registration: Registration | undefined): Readonly<Record<string, unknown>> | undefined {
  if (registration === undefined) return undefined
  const { secret, address, callAddress, ...rest } = registration
  return { ...rest, secret: secret?.reveal(), address: address?.reveal(), callAddress: callAddress?.reveal() }
}
