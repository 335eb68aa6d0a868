using Appliance.Sensing.Engine.AppLayer;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Rules;

namespace Appliance.Sensing.Engine.Detect;

/// <summary>What a match leads to: memory of the flow, the packet's and the flow's fate, alerts in the order of the rule set.</summary>
internal sealed partial class Detector
{
    private const int MostMatches = 1024;

    private void Match(Rule rule, Packet p, Flow.Flow? flow, Transaction? tx, bool fromStream)
    {
        if (_timed) _costs!.Match(rule.Index);
        if (rule.Threshold is { Kind: ThresholdKind.Detection } filter)
        {
            AwaitFor(filter, p);
            if (!_thresholds.Allows(rule, filter, p)) return;
        }
        ApplySteps(rule, p, flow);
        if (_inspector.Captured.Count > 0) TakeCaptured(p, flow);
        if (flow != null)
        {
            rule.Files?.Mark(flow, tx, p.ToServer);
            if (rule.Bypasses) flow.Bypassed = true;
            if (rule.SilencesRecord) Silence(rule, flow, tx);
        }
        if (_alertCount == _alerts.Length)
        {
            if (_alerts.Length >= MostMatches)
            {
                _counters.AlertQueueOverflow++;
                return;
            }
            Array.Resize(ref _alerts, _alerts.Length * 2);
        }
        _alerts[_alertCount++] = new Alert { Rule = rule, Transaction = tx, FromStream = fromStream, Action = ActionOf(rule) };
    }

    private void TakeCaptured(Packet p, Flow.Flow? flow)
    {
        foreach (var (what, value) in _inspector.Captured)
            if (!what.ForFlow) (p.Texts ??= []).Add((what.Name, value));
            else flow?.Variables.SetText(what.Name, value);
        _inspector.Captured.Clear();
    }

    private static void Silence(Rule rule, Flow.Flow flow, Transaction? tx)
    {
        if (rule.SilencesFlow) flow.Silenced = true;
        if (tx != null) tx.Logged = true;
        else
            foreach (Transaction one in flow.App.Transactions) one.Logged = true;
    }

    private static PacketAction ActionOf(Rule rule) => rule.Action switch
    {
        RuleAction.Pass => rule.AlertsToo ? PacketAction.Pass | PacketAction.Alert : PacketAction.Pass,
        RuleAction.Drop => PacketAction.Drop,
        RuleAction.Reject => PacketAction.Reject | PacketAction.Drop,
        RuleAction.RejectDestination => PacketAction.RejectDestination | PacketAction.Drop,
        RuleAction.RejectBoth => PacketAction.RejectBoth | PacketAction.Drop,
        RuleAction.Config => PacketAction.None,
        _ => PacketAction.Alert,
    };

    /// <summary>Settles what has matched on this packet. A drop found first is not taken back by a later pass; a pass ends the list.</summary>
    private void Flush(Packet p, Flow.Flow? flow)
    {
        Span<Alert> alerts = _alerts.AsSpan(0, _alertCount);
        if (_alertCount > 1) SortAlerts(alerts);
        int kept = 0;
        for (int i = 0; i < alerts.Length; i++)
        {
            Alert alert = alerts[i];
            Outcome outcome = Judge(ref alert, p);
            if (outcome == Outcome.Nothing)
            {
                _counters.AlertsSuppressed++;
                continue;
            }
            Apply(alert, p, flow);
            if (alert.Rule.Tag is { } tag)
            {
                if (tag.Host) _turns?.Await();
                _tags.Set(tag, p, flow);
            }
            if (outcome == Outcome.ActionOnly || alert.Rule.NoAlert || alert.Action == PacketAction.None)
            {
                if (alert.Rule.Action != RuleAction.Config) _counters.AlertsSuppressed++;
                continue;
            }
            bool pass = (alert.Action & PacketAction.Pass) != 0;
            if (pass && (alert.Action & PacketAction.Alert) == 0) break;
            if (kept >= MaxAlerts)
            {
                _counters.AlertQueueOverflow++;
                continue;
            }
            // kept never runs ahead of i, so what is still to be read is not written over
            alerts[kept++] = alert;
            if (pass) break;
        }
        if (kept > 0)
        {
            p.Marks |= PacketMarks.Alerted;
            if (flow != null) flow.Alerted = true;
            _counters.Alerts += kept;
            _receiver.Raised(p, flow, alerts[..kept]);
        }
        alerts.Clear();
    }

    /// <summary>Stable, by place in the rule set, then by exchange.</summary>
    private static void SortAlerts(Span<Alert> alerts)
    {
        for (int i = 1; i < alerts.Length; i++)
        {
            Alert one = alerts[i];
            int at = i;
            while (at > 0 && After(alerts[at - 1], one))
            {
                alerts[at] = alerts[at - 1];
                at--;
            }
            alerts[at] = one;
        }
    }

    private static bool After(in Alert a, in Alert b) =>
        a.Rule.Index != b.Rule.Index ? a.Rule.Index > b.Rule.Index : (a.Transaction?.Id ?? 0) > (b.Transaction?.Id ?? 0);

    private void Apply(in Alert alert, Packet p, Flow.Flow? flow)
    {
        bool drops = (alert.Action & PacketAction.Drop) != 0;
        if (drops)
        {
            p.Drop(alert.Filtered ? DropReason.Threshold : DropReason.Rules, alert.Action);
            if (p.DropRule < 0) p.DropRule = alert.Rule.Index;
        }
        else if ((p.Action & PacketAction.Drop) == 0) p.Action |= alert.Action;
        else return;
        if (flow == null || (alert.Action & (PacketAction.Drop | PacketAction.Pass)) == 0 || !ReachesFlow(alert)) return;
        // the first to decide wins
        if (flow.Dropped || flow.Passed) return;
        if (drops) flow.Dropped = true;
        else flow.Passed = true;
    }

    private static bool ReachesFlow(in Alert alert) => alert.Rule.Kind switch
    {
        RuleKind.Packet or RuleKind.DecodeEvent => false,
        RuleKind.Stream or RuleKind.PacketAndStream => alert.FromStream,
        _ => true,
    };

    private enum Outcome { Nothing, ActionOnly, Alert }

    /// <summary>The rule's threshold and the site's list: does the match count at all, and is it reported?</summary>
    private Outcome Judge(ref Alert alert, Packet p)
    {
        Rule rule = alert.Rule;
        if (_turns != null && (rule.Threshold != null || !_suppressions.IsEmpty))
        {
            bool alone = _suppressions.IsEmpty && rule.SecondThreshold == null;
            if (alone && _turns.Steady && _thresholds.IsSpent(rule, rule.Threshold!, p)) return Outcome.ActionOnly;
            if (alone) AwaitFor(rule.Threshold!, p);
            else _turns.Await();
        }
        if (rule.Threshold is { } own && own.Kind != ThresholdKind.Detection && !_suppressions.Overrides(rule))
        {
            Outcome outcome = Of(_thresholds.Judge(rule, own, p, 0, out _));
            if (outcome != Outcome.Alert) return outcome;
            if (rule.SecondThreshold is { } second)
            {
                outcome = Of(_thresholds.Judge(rule, second, p, -1, out _));
                if (outcome != Outcome.Alert) return outcome;
            }
        }
        return _suppressions.IsEmpty ? Outcome.Alert : Of(_suppressions.Judge(ref alert, p, _thresholds));
    }

    /// <summary>Waits for whoever may count with the same threshold.</summary>
    private void AwaitFor(Threshold threshold, Packet p)
    {
        if (_turns == null) return;
        if (_thresholds.SweepIsDue(p))
        {
            _turns.Await();
            return;
        }
        switch (threshold.Track)
        {
            case ThresholdTrack.ByFlow: break;
            case ThresholdTrack.BySource or ThresholdTrack.ByBoth: _turns.Await(p.Source_); break;
            case ThresholdTrack.ByDestination: _turns.Await(p.Destination); break;
            default: _turns.Await(); break;
        }
    }

    private static Outcome Of(Thresholds.ThresholdVerdict verdict) => verdict switch
    {
        Thresholds.ThresholdVerdict.Nothing => Outcome.Nothing,
        Thresholds.ThresholdVerdict.ActionOnly => Outcome.ActionOnly,
        _ => Outcome.Alert,
    };
}
