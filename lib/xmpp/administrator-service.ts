/** Administrators' commands about the service itself: `statistics`, `reload`. */
import { type Tally } from '../admin/questions'
import { ends } from '../model/accounting'
import { dateTime, formType, line, ranOf, type AdministratorCommand } from './administrator-command'
import { type Field } from './forms'

const spans: Readonly<Record<Tally['span'], string>> = {
  hour: 'last hour',
  day: 'last day',
  start: 'since the start',
}

function rowOf({ app, span, from, account, missing }: Tally): readonly Field[] {
  const figures: readonly (readonly [string, string, number])[] = [
    ['accepted', 'Accepted', account.accepted],
    ...ends.map((end) => [end, `… ${end}`, account[end]] as const),
    ['in-flight', 'In flight now', account.inFlight],
    ['waiting', 'Waiting now', account.waiting],
    ['resent', 'Sent again', account.resent],
    ['missing', 'Not accounted for', missing],
  ]
  return [
    line('app', 'App', app),
    line('span', 'Span', spans[span]),
    line('from', 'From', dateTime(from)),
    ...figures.map(([name, label, value]) => line(name, label, String(value))),
  ]
}

export const statistics: AdministratorCommand = ({ ask }) => ({
  node: 'admin#statistics',
  name: 'Statistics',
  instructions: 'What each app was given, and what became of it.',
  form: () => [],
  async run() {
    return ranOf(await ask({ ask: 'statistics' }), ({ tallies, at }) => ({
      is: 'completed',
      fields: [formType, line('at', 'As of', dateTime(at))],
      items: tallies.map(rowOf),
    }))
  },
})

export const reload: AdministratorCommand = ({ ask }) => ({
  node: 'admin#reload',
  name: 'Reload the configuration',
  instructions: 'Reads the configuration and every key and certificate that it names again.',
  form: () => [],
  async run() {
    return ranOf(await ask({ ask: 'reload' }), ({ faults }) => ({
      is: 'completed',
      fields: [
        formType,
        faults.length === 0
          ? line('result', 'Result', 'It was read and is in force; the log tells what takes a restart.')
          : line('result', 'Result', 'It can’t be used, and all goes on as it was.'),
        ...(faults.length === 0
          ? []
          : [line('faults', 'What is wrong', ...faults.map((each) => `${each.path}: ${each.text}. ${each.mend}`))]),
      ],
    }))
  },
})
