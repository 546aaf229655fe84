"use strict";
/*
 * Forms decide here as surrogate.forms does, from the same JSON, to the last bit (linear forms add
 * in another order, and may differ in it). A row is a list of numbers, null where a value is
 * missing. What a condition does not say is no bound, not closed, not if missing.
 * This is put before report.js, and both make the one script of a report.
 */

/** Whether a condition holds for a row, by its kind. */
const TESTS = {
  interval(condition, row) {
    const x = row[condition.feature];
    if (x === null) return Boolean(condition.missing);
    const { low = -Infinity, high = Infinity } = condition;
    const above = condition.low_closed || low === -Infinity ? x >= low : x > low;
    return above && (condition.high_closed ? x <= high : x < high);
  },
  categories(condition, row) {
    const x = row[condition.feature];
    return x === null ? Boolean(condition.missing) : condition.codes.includes(x);
  },
  at_least(condition, row) {
    return condition.conditions.filter((inner) => holds(inner, row)).length >= condition.m;
  },
};

function holds(condition, row) {
  return TESTS[condition.condition](condition, row);
}

/** Place of the greatest value, the first of equal ones. */
function greatest(values) {
  return values.reduce((best, value, at) => (value > values[best] ? at : best), 0);
}

/** Whether a row goes left at a tree's node. */
function goesLeft(form, node, row) {
  if (form.tests.length && form.tests[node]) return holds(form.tests[node], row);
  const x = row[form.feature[node]];
  if (x === null) return form.missing_left[node];
  if (form.categories[node]) return form.categories[node].includes(x);
  return x <= (form.threshold[node] ?? Infinity);
}

/** The order in which unordered rules are asked; null where all that hold vote. */
function priority(form) {
  const order = form.rules.map((_, at) => at);
  const { rules } = form;
  if (form.ordered) return order;
  if (form.conflict === "vote") return null;
  const heavier = (a, b) => rules[b].weight - rules[a].weight;
  if (form.conflict === "heaviest") return order.sort(heavier);
  const length = rules.map((rule) => rule.conditions.reduce((sum, c) => sum + literals(c), 0));
  return order.sort((a, b) => length[b] - length[a] || heavier(a, b));
}

function literals(condition) {
  if (condition.condition !== "at_least") return 1;
  return condition.conditions.reduce((sum, inner) => sum + literals(inner), 0);
}

/** Mean by weight of what the rules say that hold, and the class with most weight. */
function vote(form, held) {
  const votes = [];
  const sums = form.value.map(() => 0);
  const low = form.value.map(() => Infinity);
  const high = form.value.map(() => -Infinity);
  let total = 0;
  for (const { weight, value, decision } of held.map((at) => form.rules[at])) {
    if (weight === 0) continue;
    total += weight;
    if (decision !== null) votes[decision] = (votes[decision] ?? 0) + weight;
    value.forEach((v, j) => {
      sums[j] += weight * v;
      low[j] = Math.min(low[j], v);
      high[j] = Math.max(high[j], v);
    });
  }
  if (!(total > 0)) return { value: form.value, decision: form.decision };
  const value = sums.map((sum, j) => Math.min(Math.max(sum / total, low[j]), high[j]));
  const decided = votes.length ? greatest(Array.from(votes, (v) => v ?? 0)) : form.decision;
  return { value, decision: decided };
}

/** A term of a linear form: a scaled column, or 1 where a condition holds. */
function termOf(term, row) {
  if (term.condition !== "scaled") return holds(term, row) ? 1 : 0;
  const x = row[term.feature];
  return x === null ? 0 : (x - term.centre) / term.scale;
}

/** What each form says of a row: value, decision, what fired, and the way there. */
const FORMS = {
  tree(form, row) {
    const path = [];
    let node = 0;
    while (form.left[node] >= 0) {
      node = goesLeft(form, node, row) ? form.left[node] : form.right[node];
      path.push(node);
    }
    return leaf(form, node, path);
  },
  graph(form, row) {
    const path = [];
    let node = 0;
    while (form.tests[node]) {
      const held = holds(form.tests[node], row);
      path.push([node, held]);
      node = held ? form.yes[node] : form.no[node];
    }
    return leaf(form, node, path);
  },
  rules(form, row) {
    const held = (at) => form.rules[at].conditions.every((c) => holds(c, row));
    const order = priority(form);
    if (order === null) {
      const fired = form.rules.map((_, at) => at).filter(held);
      return { ...vote(form, fired), fired, path: [] };
    }
    const first = order.find(held);
    if (first === undefined) return { value: form.value, decision: form.decision, fired: [], path: [] };
    const { value, decision } = form.rules[first];
    return { value, decision, fired: [first], path: [] };
  },
  linear(form, row) {
    const terms = form.terms.map((term) => termOf(term, row));
    const value = form.coef.map(
      (line, k) => line.reduce((sum, c, j) => sum + c * terms[j], 0) + form.intercept[k],
    );
    return { value, decision: form.classes ? greatest(value) : null, fired: [], path: terms };
  },
};

function leaf(form, node, path) {
  return { value: form.value[node], decision: form.decision?.[node] ?? null, fired: [node], path };
}

function evaluate(form, row) {
  return FORMS[form.form](form, row);
}
