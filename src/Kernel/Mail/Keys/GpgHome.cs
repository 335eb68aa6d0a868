namespace Appliance.Kernel.Mail;

/// <summary>A folder for gpg that only this account can enter, and that goes with this object. Its agent ends by itself when the folder is gone.</summary>
internal sealed class GpgHome : IDisposable
{
    /// <summary>Where it is.</summary>
    public string Path { get; } = Directory.CreateTempSubdirectory("cirt-keys-").FullName;

    /// <inheritdoc/>
    public void Dispose()
    {
        // The agent takes its socket away meanwhile.
        for (var tries = 0; Directory.Exists(Path); tries++)
        {
            try
            {
                Directory.Delete(Path, recursive: true);
            }
            catch (IOException) when (tries < 5)
            {
                continue;
            }
        }
    }
}
