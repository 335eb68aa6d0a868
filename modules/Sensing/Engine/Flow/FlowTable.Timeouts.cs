using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Flow;

internal sealed partial class FlowTable
{
    private SweepClock _sweeps;
    private uint _evictAt;

    public int TimeoutSeconds(Flow flow)
    {
        if (flow.Bypassed) return options.BypassedSeconds;
        FlowTimeouts limits = flow.Protocol switch { 6 => options.Tcp, 17 => options.Udp, 1 or 58 => options.Icmp, _ => options.Other };
        if (_emergency) limits = flow.Protocol switch { 6 => options.EmergencyTcp, 17 => options.EmergencyUdp, 1 or 58 => options.EmergencyIcmp, _ => options.EmergencyOther };
        return flow.State switch { FlowState.New => limits.New, FlowState.Established => limits.Established, _ => limits.Closed };
    }

    private bool _emergency;

    /// <summary>The table is full: quiet flows end sooner until a good part of it is free again.</summary>
    private void Alarm()
    {
        if (_emergency) return;
        _emergency = true;
        counters.EmergencyEntered++;
    }

    private void Calm()
    {
        if (!_emergency || _count * FlowCost > options.Memcap / 100 * (100 - options.EmergencyRecoveryPercent)) return;
        _emergency = false;
        counters.EmergencyOver++;
    }

    // whole seconds, as Suricata counts them
    private bool Expired(Flow flow, long now) => now / 1_000_000 > flow.LastTime / 1_000_000 + TimeoutSeconds(flow);

    /// <summary>Called with the capture's clock; sweeps at most once in five of its seconds, a second after a jump.</summary>
    public void Advance(long now)
    {
        if (_sweeps.IsDue(now)) Sweep(now);
    }

    /// <summary>Ends what has been quiet for too long.</summary>
    public void Sweep(long now)
    {
        counters.Sweeps++;
        Calm();
        for (int i = 0; i < _buckets.Length; i++)
        {
            if (_buckets[i] == null) continue;
            observer.At(i);
            ref Flow? link = ref _buckets[i];
            while (link != null)
            {
                Flow flow = link;
                if (Expired(flow, now))
                {
                    End(flow, FlowEnd.Timeout);
                    link = flow.Next;
                    Recycle(flow);
                }
                else link = ref flow.Next;
            }
        }
    }

    public void EndAll(FlowEnd why)
    {
        for (int i = 0; i < _buckets.Length; i++)
        {
            if (_buckets[i] != null) observer.At(i);
            while (_buckets[i] is { } flow)
            {
                End(flow, why);
                _buckets[i] = flow.Next;
                Recycle(flow);
            }
        }
    }

    private bool EvictSome()
    {
        Alarm();
        for (int tried = 0; tried < 4096; tried++)
        {
            ref Flow? link = ref _buckets[_evictAt++ & _mask];
            if (link == null) continue;
            // newest at the head: the last of the chain has been quiet longest
            while (link!.Next != null) link = ref link.Next;
            Flow flow = link;
            counters.Evicted++;
            End(flow, FlowEnd.Forced);
            link = null;
            Recycle(flow);
            return true;
        }
        return false;
    }

    private void End(Flow flow, FlowEnd why)
    {
        switch (why)
        {
            case FlowEnd.Timeout: counters.EndTimeout++; break;
            case FlowEnd.Forced: counters.EndForced++; break;
            case FlowEnd.Reused: counters.EndReused++; break;
            default: counters.EndShutdown++; break;
        }
        if (flow.State == FlowState.Closed) counters.EndClosed++;
        else if (flow.State == FlowState.New) counters.EndNew++;
        else counters.EndEstablished++;
        if (flow.Protocol == 6) counters.EndTcpStates[(int)(flow.Tcp?.State ?? TcpState.None)]++;
        observer.Ended(flow, why);
    }

    private void Recycle(Flow flow)
    {
        _count--;
        counters.Active = _count;
        counters.MemoryUse = _count * FlowCost;
        flow.Reset();
        _spare.Give(flow);
    }
}

/// <summary>Says when flows are to be looked through: at most once in five seconds of the capture's clock.</summary>
internal struct SweepClock
{
    private const long Pause = 5_000_000, Jump = 60_000_000, Confirmed = 1_000_000;
    private long _last, _jumpedTo;

    public bool IsDue(long now)
    {
        long since = now - _last;
        if (since is >= 0 and < Pause) return false;
        // one packet from a clock that is ahead ends nothing: the packets after a jump must confirm the new time
        if (since is < 0 or > Jump)
        {
            if (now < _jumpedTo || now > _jumpedTo + Jump) _jumpedTo = now;
            if (now < _jumpedTo + Confirmed) return false;
        }
        _last = now;
        return since >= 0;
    }
}
