/**
 * The last line of a test run: how many passed, failed and were skipped, and why those were. Where `SPECS_TOLD_IN` names a file, it holds which
 * files are being run, for whoever has to end a run that does not end by itself, and afterwards that last line.
 */
const fs = require('node:fs')
const path = require('node:path')

module.exports = class {
  underWay = new Set()

  tell(line) {
    const file = process.env.SPECS_TOLD_IN
    if (file !== undefined) fs.writeFileSync(file, `${line}\n`)
  }

  tellUnderWay() {
    const files = [...this.underWay].map((file) => path.relative(path.join(__dirname, '..', '..'), file))
    this.tell(files.length > 0 ? `specs under way: ${files.join(', ')}` : 'no specs are under way')
  }

  onTestFileStart(test) {
    this.underWay.add(test.path)
    this.tellUnderWay()
  }

  onTestFileResult(test) {
    this.underWay.delete(test.path)
    this.tellUnderWay()
  }

  onRunComplete(_contexts, results) {
    const skipped = results.testResults.flatMap((file) =>
      file.testResults.filter((test) => test.status === 'pending' || test.status === 'todo'),
    )
    for (const test of skipped) process.stdout.write(`skipped: ${test.fullName}\n`)
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites
    const line = `specs: ${results.numPassedTests} passed, ${failed} failed, ${skipped.length} skipped`
    process.stdout.write(`${line}\n`)
    this.tell(line)
  }
}
