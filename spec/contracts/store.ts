/**
 * What every store remembers: registry, kept values, accounts. An implementation's spec calls `storeContract` (which runs
 * the suite of its outbox too) and adds its quirks. Every test has a service of its own, so that one open store serves all.
 */
import { type Store } from '../../lib/stores/store'
import { type HandClock } from '../support/hand-clock'
import { type OutboxTraits, outboxContract } from './outbox'
import { storeKnowsBareAddresses } from './store-bare-addresses'
import { storeForgets } from './store-forgetting'
import { storeKeeps } from './store-keep'
import { storeServesOperators } from './store-operators'
import { storeMovesItsPast } from './store-past'
import { storeRegisters } from './store-registry'
import { storeTellsServers } from './store-remote-disables'
import { type StoreSetUp, storeScene } from './store-scene'

/** Declares the whole suite. `open` opens the same data again once the store before was closed. */
export function storeContract(setUp: StoreSetUp, traits: OutboxTraits = {}): void {
  const scene = storeScene(setUp)
  storeRegisters(scene)
  storeForgets(scene)
  storeTellsServers(scene)
  storeKnowsBareAddresses(scene)
  storeKeeps(scene)
  storeServesOperators(scene)
  storeMovesItsPast(scene)

  describe('its outbox', () => {
    outboxContract(async (options) => {
      const place = await setUp(options)
      return underTest(place.clock, () => place.open(), await place.open())
    }, traits)
  })
}

function underTest(clock: HandClock, open: () => Promise<Store>, first: Store) {
  let store = first
  return {
    outbox: () => store.outbox,
    clock,
    accounts: () => store.accounts(),
    async reopen() {
      await store.close()
      store = await open()
    },
    close: () => store.close(),
  }
}
