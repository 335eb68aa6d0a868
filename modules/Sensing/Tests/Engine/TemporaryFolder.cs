namespace Appliance.Sensing.Tests.Engine;

internal sealed class TemporaryFolder : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("engine-").FullName;

    public void Dispose() => Directory.Delete(Path, true);
}
