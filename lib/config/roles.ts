/** The part `roles` of the configuration: which stages this process runs. Knows no stage. */
import { z } from 'zod'
import { type Fault } from './fault'

/** `ingest`: attaches to XMPP, serves HTTP and takes in. `dispatch`: sends what was taken in. */
const roleNames = ['ingest', 'dispatch'] as const

export type Role = (typeof roleNames)[number]

export const roles = z
  .array(z.enum(roleNames))
  .min(1)
  .default([...roleNames])
  .describe(
    'The stages this process runs: `ingest` attaches to XMPP, serves HTTP interfaces and takes in; `dispatch` sends. One alone takes a store that several processes share.',
  )

/** What was taken in by one process is sent by another only if both have the same store. */
export function refuseAlone(
  {
    is,
    store,
  }: { readonly is: readonly Role[]; readonly store: { readonly kind: string; readonly isShared: boolean } },
  faults: Fault[],
): void {
  if (store.isShared || roleNames.every((name) => is.includes(name))) return
  const missing = is.includes('ingest') ? 'nobody would send what it takes in' : 'nothing would ever come in'
  faults.push({
    path: 'roles',
    text: `is ${is.join(', ')} alone, and a store of kind "${store.kind}" is one process's own: ${missing}`,
    mend: 'Leave roles out, or name a store that several processes share (store.kind "postgres")',
  })
}
