/**
 * In which order spec files run: those that take longest first, so that both workers end together. Where jest remembers how long each took, that
 * decides; in a fresh checkout it remembers nothing, and would go by size, which says nothing of a contract's spec of a few lines.
 */
const { dirname } = require('node:path')

const core = require.resolve('@jest/core', { paths: [dirname(require.resolve('jest'))] })
const { default: Sequencer } = require(require.resolve('@jest/test-sequencer', { paths: [dirname(core)] }))

/** Slowest first; any that is missing here costs a few seconds at the end at most. */
const SLOW = [
  ...['real/nats', 'xmpp/fuzz', 'scenarios', 'commands/simulate', 'stores/postgres', 'stores/postgres-instances'],
  ...['real/standby', 'commands/broken-setups', 'http/mongoosepush-table', 'stores/sqlite-backup', 'real/prosody'],
  ...['real/migrate', 'real/ejabberd', 'outbox/nats', 'service-certificates', 'commands/check', 'real/import-p2'],
  ...['commands/restore-broken-off', 'admin/operators', 'stores/sqlite', 'reactions', 'commands/import-settings'],
  ...['http/fuzz', 'wire/h2/fuzz', 'real/postgres', 'stores/postgres-outage'],
].map((name) => `/spec/${name}.spec.ts`)

module.exports = class extends Sequencer {
  sort(tests) {
    const usual = super.sort(tests)
    if (usual.some(({ duration }) => duration !== undefined)) return usual
    const rank = ({ path }) => SLOW.findIndex((name) => path.endsWith(name))
    const slow = usual.filter((test) => rank(test) >= 0).sort((one, other) => rank(one) - rank(other))
    return [...slow, ...usual.filter((test) => rank(test) < 0)]
  }
}
