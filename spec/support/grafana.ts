/** The expressions of `docs/grafana`, as Prometheus may be asked them. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

const folder = join(__dirname, '..', '..', 'docs', 'grafana')

interface Panel {
  readonly targets?: readonly { readonly expr: string }[]
}

/** Every expression of the dashboard, its variables filled in as Grafana does where everything is chosen. */
export function dashboardExpressions(): readonly string[] {
  const { panels } = JSON.parse(readFileSync(join(folder, 'dashboard.json'), 'utf8')) as {
    readonly panels: readonly Panel[]
  }
  return panels
    .flatMap(({ targets = [] }) => targets)
    .map(({ expr }) => expr.replaceAll('$__rate_interval', '1m').replace(/\$(job|instance|app)\b/g, '.*'))
}

export const alertsFile = join(folder, 'alerts.yml')
