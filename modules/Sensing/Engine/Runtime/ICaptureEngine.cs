using Appliance.Sensing.Engine.Capture;

namespace Appliance.Sensing.Engine.Runtime;

/// <summary>What a capture is played to: one worker, or several with a reader before them.</summary>
internal interface ICaptureEngine : IDisposable
{
    void Process(in RawPacket raw);

    /// <summary>The capture that the next packets come from.</summary>
    string? CaptureFile { set; }

    /// <summary>The capture is over: all flows end. Throws what a worker has failed with.</summary>
    void Finish();

    /// <summary>The first fault of the engine's own, with where it lies; null while there was none.</summary>
    string? FirstFault { get; }

    /// <summary>To be summed; complete only behind <see cref="Finish"/>.</summary>
    IReadOnlyList<WorkerCounters> AllCounters { get; }
}
