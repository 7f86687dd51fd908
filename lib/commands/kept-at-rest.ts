/** What a store keeps of apps besides their pushes, read while no service runs: blown fuses, and certificates that were handed in. */
import { makeCertificates } from '../admin/certificates'
import { viewsOf, type CheckHandedIn } from '../admin/hand-in'
import { type KeptOfApps } from '../admin/status'
import { type Clock } from '../clock'
import { type App } from '../config'
import { fuseName } from '../model/kept'

interface Kept {
  readonly get: (name: string) => Promise<{ readonly value: string; readonly at: number } | undefined>
}

/** Of these apps, by name; of their certificates only where an app is `sound`. `tell`: what can't be read is told, and the rest goes on without it. */
export async function keptAtRest(
  { apps, sound }: { readonly apps: readonly string[]; readonly sound: readonly App[] },
  { get }: Kept,
  clock: Clock,
  tell: (text: string) => void,
): Promise<KeptOfApps> {
  const takers = new Map(
    sound.flatMap(({ name, provider }): [string, CheckHandedIn][] =>
      provider.checkHandedIn === undefined ? [] : [[name, provider.checkHandedIn]],
    ),
  )
  const put = (): Promise<void> => Promise.reject(new Error('a store at rest is only read'))
  const observe = (event: { readonly at: string; readonly text?: string }): void => tell(event.text ?? event.at)
  const certificates = makeCertificates({ keep: { get, put }, clock, observe })
  const fuses = new Map<string, string>()
  for (const app of apps) {
    try {
      const why = (await get(fuseName(app)))?.value
      if (why !== undefined && why !== '') fuses.set(app, why)
    } catch (error) {
      tell(
        `whether the fuse of ${app} has blown can't be read: ${error instanceof Error ? error.message : String(error)}`,
      )
    }
  }
  return { fuses, handedIn: viewsOf(await certificates.all([...takers.keys()]), takers, clock.now()) }
}
