using Microsoft.Win32.SafeHandles;

namespace Appliance.Sensing.Intake;

/// <summary>Where a stream's lines come from: closed segments of our sensor, or the one growing file of a stock Suricata.</summary>
internal interface IEveSource : IDisposable
{
    /// <summary>The next stretch to read, or null while there is nothing new.</summary>
    EveStretch? Open(Bookmark bookmark);

    /// <summary>
    /// Called when <paramref name="window"/> was filled from the stretch and read up to <paramref name="end"/>: the bookmark as it is kept, or null when the file became another one meanwhile,
    /// so that what was read may be of neither.
    /// </summary>
    Bookmark? Seal(EveStretch stretch, LineWindow window, Bookmark end);

    /// <summary>Where the bookmark stands once a closed stretch was read to its end.</summary>
    Bookmark Behind(Bookmark end);

    /// <summary>Called after the commit that moved the bookmark, possibly while <see cref="Open"/> runs for what follows.</summary>
    void Committed(Bookmark bookmark);
}

/// <summary>A stretch of lines.</summary>
/// <param name="File">Open for reading; owned by the source.</param>
/// <param name="Start">Where it begins: the bookmark itself, or the start of a later segment.</param>
/// <param name="Closed">True when the file never grows again: a line without end is then a half line.</param>
internal sealed record EveStretch(SafeFileHandle File, Bookmark Start, bool Closed);
