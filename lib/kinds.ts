/** Everything this program can speak, keep and send: one line each. Knows their names, not what they do. */
import { tigase } from './dialects/tigase'
import { type Dialect } from './dialects/dialect'
import { conversations } from './profiles/conversations'
import { generic } from './profiles/generic'
import { siskin } from './profiles/siskin'
import { stork } from './profiles/stork'

export const dialects: readonly Dialect[] = [tigase]
export const profiles = { siskin, conversations, stork, generic }
export const providers = {}
export const stores = {}
/** Outboxes besides the store's own. */
export const outboxes = {}
