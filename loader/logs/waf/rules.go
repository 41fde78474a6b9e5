package waf

import (
	"bytes"
	"fmt"

	"case53/loader/logs/field"
)

// readRules reads the rules that matched: the one that decided, those of groups, rate-based ones, those that only counted.
func (d *decoder) readRules() error {
	id, action := d.rows.Text(d.number["terminating_rule_id"]), d.rows.Text(d.number["action"])
	if id != nil && string(id) != "Default_Action" {
		d.matched = append(d.matched, match{part: []byte("terminating"), id: id, action: action,
			data: d.rows.Text(d.number["terminating_rule_match_details"])})
	}
	if err := d.each("rule_group_list", d.readGroup); err != nil {
		return fmt.Errorf("ruleGroupList: %w", err)
	}
	if err := d.each("rate_based_rule_list", func(element []byte) error {
		if err := d.rule.Read(element); err != nil {
			return err
		}
		name, err := d.rule.Text("rateBasedRuleName")
		if name == nil && err == nil {
			name, err = d.rule.Text("rateBasedRuleId")
		}
		d.matched = append(d.matched, match{part: []byte("rate-based"), id: bytes.Clone(name), data: bytes.Clone(element)})
		return err
	}); err != nil {
		return fmt.Errorf("rateBasedRuleList: %w", err)
	}
	if err := d.each("non_terminating_matching_rules", func(element []byte) error {
		return d.readRule("matching", nil, element)
	}); err != nil {
		return fmt.Errorf("nonTerminatingMatchingRules: %w", err)
	}
	return nil
}

// each gives the elements of a list that is kept as a column.
func (d *decoder) each(column string, each func(element []byte) error) error {
	list := d.rows.Text(d.number[column])
	if list == nil {
		return nil
	}
	return field.Elements(list, each)
}

// readGroup reads what matched in a rule group.
func (d *decoder) readGroup(element []byte) error {
	if err := d.group.Read(element); err != nil {
		return err
	}
	name, err := d.group.Text("ruleGroupId")
	if err != nil {
		return err
	}
	id := bytes.Clone(name)
	if m := d.group.Take("terminatingRule"); m != nil && m.Value[0] == '{' {
		if err := d.readRule("group terminating", id, m.Value); err != nil {
			return err
		}
	}
	for _, list := range [...]struct{ key, part string }{{"nonTerminatingMatchingRules", "group matching"}, {"excludedRules", "excluded"}} {
		m := d.group.Take(list.key)
		if m == nil || m.Value[0] == 'n' {
			continue
		}
		if err := field.Elements(m.Value, func(element []byte) error { return d.readRule(list.part, id, element) }); err != nil {
			return fmt.Errorf("%s: %w", list.key, err)
		}
	}
	return nil
}

// readRule reads a rule that matched.
func (d *decoder) readRule(part string, group, element []byte) error {
	if err := d.rule.Read(element); err != nil {
		return err
	}
	m := match{part: []byte(part), group: group}
	for _, column := range [...]struct {
		key  string
		into *[]byte
	}{{"ruleId", &m.id}, {"overriddenAction", &m.overridden}, {"action", &m.action}} {
		text, err := d.rule.Text(column.key)
		if err != nil {
			return err
		}
		*column.into = bytes.Clone(text)
	}
	if m.action == nil {
		text, err := d.rule.Text("exclusionType")
		if err != nil {
			return err
		}
		m.action = bytes.Clone(text)
	}
	if details := d.rule.JSON("ruleMatchDetails"); len(details) > len("[]") {
		m.data = bytes.Clone(details)
	}
	d.matched = append(d.matched, m)
	return nil
}
