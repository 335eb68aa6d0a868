using System.Runtime.ExceptionServices;
using Appliance.Sensing.Engine.Capture;
using Appliance.Sensing.Engine.Decode;
using Appliance.Sensing.Engine.Detect;
using Appliance.Sensing.Engine.Flow;
using Appliance.Sensing.Engine.Output;
using Appliance.Sensing.Engine.Stream;

namespace Appliance.Sensing.Engine.Runtime.Sharding;

/// <summary>
/// Several workers on one capture. The caller's thread decodes, puts fragments together and opens tunnels, and hands each packet to the worker of its conversation, in rounds: the
/// batches of all workers are published together, so that a worker that waits for another's turn never waits for the reader as well.
/// </summary>
internal sealed class ShardedWorkers : ICaptureEngine
{
    private readonly Decoder _decoder;
    private readonly ShardKey _key;
    private readonly ChecksumTrial _trial;
    private readonly CaptureOrder _order;
    private readonly Worker[] _workers;
    private readonly BatchRing[] _rings;
    private readonly PacketBatch[] _open;
    private readonly Thread[] _threads;
    private readonly WorkerCounters _counters = new();
    private Packet _root = new();
    private readonly int _steps;      // of one look through all flows
    private SweepClock _sweeps;
    private string? _file;
    private long _turn = 1;
    private long _number;
    private long _clock;
    private long _latest;
    private bool _steady = true;
    private ExceptionDispatchInfo? _failure;
    private bool _finished;

    public ShardedWorkers(EngineSettings settings, RuleSet? rules, IEveSink sink, int count, ShardBy by)
    {
        _decoder = new Decoder(settings.Decode, _counters.Decode);
        _trial = new ChecksumTrial(settings.Stream);
        _steps = settings.Flow.Buckets + 1;
        _key = new ShardKey(by, count);
        _order = new CaptureOrder(count, _key);
        var memory = new HostMemory();
        EngineSettings each = Share(settings, count);
        _workers = new Worker[count];
        _rings = new BatchRing[count];
        _open = new PacketBatch[count];
        _threads = new Thread[count];
        for (int i = 0; i < count; i++)
        {
            int number = i;
            _workers[i] = new Worker(each, rules, sink, memory, _order.For(i));
            _rings[i] = new BatchRing();
            _open[i] = _rings[i].Open();
            _order.Reach(i, 0);
            _threads[i] = new Thread(() => Work(number)) { Name = $"worker {i + 1}", IsBackground = true };
        }
        foreach (Thread thread in _threads) thread.Start();
    }

    public string? CaptureFile
    {
        set
        {
            if (_turn > 1) Publish(false);
            _file = value;
        }
    }

    public string? FirstFault => _workers.Select(w => w.FirstFault).FirstOrDefault(f => f != null);

    public IReadOnlyList<WorkerCounters> AllCounters => [_counters, .. _workers.Select(w => w.Counters)];

    /// <summary>Limits hold for all workers together.</summary>
    private static EngineSettings Share(EngineSettings all, int count) => all with
    {
        Flow = all.Flow with { Memcap = all.Flow.Memcap / count },
        Stream = all.Stream with { Memcap = all.Stream.Memcap / count, ReassemblyMemcap = all.Stream.ReassemblyMemcap / count },
    };

    public void Process(in RawPacket raw)
    {
        _number++;
        _clock = raw.Time;
        _steady &= _clock >= _latest - 1_000_000;
        _latest = Math.Max(_latest, _clock);
        if (_number == 1) _counters.FirstTime = raw.Time;
        _counters.LastTime = raw.Time;
        if (_sweeps.IsDue(_clock)) Sweep();
        // decoded where nothing is kept yet: the worker is known only afterwards
        try
        {
            _decoder.Decode(raw, _root, _number);
            _trial.Judge(_root, _decoder.Inner);
        }
        catch (Exception)
        {
            // a fault of ours, found by bytes that nobody thought of: it costs the packet, not the sensor
            _counters.Faults++;
            _decoder.Recycle();
            return;
        }
        for (int i = 0; i < _decoder.Inner.Count; i++)
        {
            Packet inner = _decoder.Inner[i];
            bool carried = ReferenceEquals(inner.Data, raw.Buffer);
            ReadOnlySpan<byte> bytes = carried ? raw.Buffer.AsSpan(raw.Offset, raw.Length) : inner.Data.AsSpan(0, inner.Offset + inner.Length);
            PacketBatch batch = Room(_key.Of(inner), bytes.Length);
            int at = batch.Keep(bytes, out byte[] array);
            Packet back = batch.Exchange(inner);
            inner.Move(array, at - (carried ? raw.Offset : 0));
            batch.Add(_turn++, _clock);
            _decoder.Inner[i] = back;
        }
        if (_decoder.Inner.Count > 0) _decoder.Recycle();
        PacketBatch own = Room(_key.Of(_root), raw.Length);
        int place = own.Keep(raw.Buffer.AsSpan(raw.Offset, raw.Length), out byte[] kept);
        Packet next = own.Exchange(_root);
        _root.Move(kept, place - raw.Offset);
        own.Add(_turn++, _clock);
        _root = next;
    }

    private void Sweep()
    {
        for (int i = 0; i < _open.Length; i++)
            if (_open[i].IsFull)
            {
                Publish(false);
                break;
            }
        foreach (PacketBatch batch in _open) batch.AddSweep(_turn, _clock);
        _turn += _steps;
    }

    private PacketBatch Room(int worker, int bytes)
    {
        if (!_open[worker].Fits(bytes)) Publish(false);
        return _open[worker];
    }

    private void Publish(bool last)
    {
        for (int i = 0; i < _rings.Length; i++)
        {
            PacketBatch batch = _open[i];
            batch.End = _turn;
            batch.Clock = _clock;
            batch.Steady = _steady;
            batch.CaptureFile = _file;
            batch.Last = last;
            _rings[i].Publish();
        }
        // steps only where flows end: behind the last batch
        _turn++;
        if (last) return;
        for (int i = 0; i < _rings.Length; i++) _open[i] = _rings[i].Open();
    }

    private void Work(int number)
    {
        Worker worker = _workers[number];
        BatchRing ring = _rings[number];
        bool failed = false;
        while (true)
        {
            PacketBatch batch = ring.Take();
            bool last = batch.Last;
            if (!failed)
            {
                try
                {
                    WorkOff(worker, batch, number);
                }
                catch (Exception e)
                {
                    // the thread's end of the line: told by Finish; the ring is still emptied, so that the reader and the others come to an end
                    _failure ??= ExceptionDispatchInfo.Capture(e);
                    failed = true;
                }
            }
            _order.Reach(number, failed || last ? CaptureOrder.Done : batch.End);
            ring.Release();
            if (last) return;
        }
    }

    private void WorkOff(Worker worker, PacketBatch batch, int number)
    {
        worker.CaptureFile = batch.CaptureFile;
        _order.Know(number, batch.Steady);
        for (int i = 0; i < batch.Count; i++)
        {
            _order.Begin(number, batch.TurnOf(i));
            if (batch.IsSweep(i)) worker.Sweep(batch.ClockOf(i));
            else worker.Take(batch.PacketAt(i), batch.ClockOf(i));
        }
        if (!batch.Last) return;
        _order.Begin(number, batch.End);
        worker.Sweep(batch.Clock, false);
        worker.Finish();
    }

    public void Finish()
    {
        if (_finished) return;
        _finished = true;
        Publish(true);
        foreach (Thread thread in _threads) thread.Join();
        _failure?.Throw();
    }

    public void Dispose()
    {
        if (!_finished)
        {
            _finished = true;
            Publish(true);
            foreach (Thread thread in _threads) thread.Join();
        }
        foreach (Worker worker in _workers) worker.Dispose();
        foreach (BatchRing ring in _rings) ring.Dispose();
        _order.Dispose();
    }
}
