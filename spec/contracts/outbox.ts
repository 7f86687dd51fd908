/**
 * What every outbox does, whatever it is made of. An implementation's spec calls `outboxContract` and adds its quirks.
 */
import { outboxCoalesces } from './outbox-coalescing'
import { outboxHandsOut } from './outbox-handing-out'
import { outboxOutlives } from './outbox-lifetime'
import { outboxKeepsItsPromises } from './outbox-property'
import { type OutboxSetUp, outboxScene } from './outbox-scene'
import { outboxSettles } from './outbox-settling'

export interface OutboxTraits {
  /** Of its own making, that the last test plays; fewer where each takes long. */
  readonly stories?: number
  /** What one call puts may come to the one who hands it out piece by piece. */
  readonly comesApart?: boolean
}

/** Declares the whole suite. One open outbox serves most tests, each with an app of its own. */
export function outboxContract(setUp: OutboxSetUp, { stories, comesApart = false }: OutboxTraits = {}): void {
  const scene = outboxScene(setUp)
  outboxHandsOut(scene, comesApart)
  outboxCoalesces(scene)
  outboxSettles(scene)
  outboxOutlives(scene)
  outboxKeepsItsPromises(scene, stories)
}
