/** `xmpp-push apps`: a line for each app. */
import { type AppStatus, type Status } from '../admin/questions'
import { operate, type OperatorWords } from './operate'
import { aligned } from './spelling'
import { type ExitCode, type Terminal } from './terminal'

function standing({ isConfigured, held, doubt, fuse, handedIn }: AppStatus): string {
  if (!isConfigured) return 'not in the configuration'
  if (held !== undefined) return `HELD: ${held}`
  if (doubt !== undefined) return `in DOUBT: ${doubt}`
  if (fuse !== undefined) return `FUSE blown: ${fuse}`
  return handedIn === undefined ? 'ok' : `ok, with a certificate that ${handedIn.by} handed in`
}

function appLines({ apps }: Status): readonly string[] {
  if (apps.length === 0) return ['no apps']
  const rows = apps.map((app) => {
    const { account } = app
    const counts = [app.registrations, account?.accepted ?? 0, account?.delivered ?? 0, account?.waiting ?? 0]
    return [app.app, ...counts.map(String), standing(app)]
  })
  return aligned([['APP', 'DEVICES', 'ACCEPTED', 'DELIVERED', 'WAITING', 'STANDING'], ...rows])
}

export function listApps(words: OperatorWords, terminal: Terminal): Promise<ExitCode> {
  return operate(words, { ask: 'status' }, appLines, terminal)
}
