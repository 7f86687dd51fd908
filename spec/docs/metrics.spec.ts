import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { dashboardExpressions } from '../support/grafana'
import { namesIn, rowOf, sections, seriesNames } from '../support/metrics-tables'

const root = join(__dirname, '..', '..')
const read = (path: string): string => readFileSync(join(root, path), 'utf8')

describe('docs/metrics.md', () => {
  const page = read('docs/metrics.md')
  /** A row without the spaces that line a table up. */
  const narrow = (row: string): string => row.trim().replace(/ +/g, ' ')

  it.each(sections().map(({ title, figures }) => [title, figures] as const))(
    'has one row for each figure of "%s", and no other',
    (title, figures) => {
      const section = page.slice(page.indexOf(`\n## ${title}\n`) + 1).split('\n## ')[0] ?? ''
      const rows = section.split('\n').filter((line) => line.startsWith('| `'))
      expect(rows.map(narrow)).toEqual(figures.map((figure) => narrow(rowOf(figure))))
    },
  )

  it('has no section of figures that there are not', () => {
    const titles = [...page.matchAll(/^## (.*)$/gm)].map(([, title]) => title)
    expect(titles).toEqual(sections().map(({ title }) => title))
  })
})

describe('docs/grafana', () => {
  const known = seriesNames()
  const unknown = (text: string): readonly string[] => namesIn(text).filter((name) => !known.has(name))

  it.each(['dashboard.json', 'alerts.yml'])('names no figure in %s that there is not', (file) => {
    const text = read(`docs/grafana/${file}`)
    expect(namesIn(text).length).toBeGreaterThan(5)
    expect(unknown(text)).toEqual([])
  })

  it('would notice a figure that there is not', () => {
    expect(unknown('rate(xmpp_push_sent_total[5m]) + xmpp_push_delivery_seconds + process_open_fds')).toEqual([
      'xmpp_push_sent_total',
      'xmpp_push_delivery_seconds',
    ])
  })

  it('shows every figure of our own', () => {
    const all = `${dashboardExpressions().join('\n')}\n${read('docs/grafana/alerts.yml')}`
    const shown = new Set(namesIn(all).map((name) => name.replace(/_(bucket|sum|count)$/, '')))
    const ours = sections()
      .slice(0, 2)
      .flatMap(({ figures }) => figures)
    // Build information says what runs, not how; what was sent twice matters to who looks for it.
    const left = ['xmpp_push_build_info', 'xmpp_push_resent_total']
    expect(ours.map(({ name }) => name).filter((name) => !shown.has(name))).toEqual(left)
  })
})
