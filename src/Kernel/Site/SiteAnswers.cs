using Appliance.Kernel.Answers;
using Appliance.Kernel.Data;
using Microsoft.Extensions.DependencyInjection;

namespace Appliance.Kernel.Site;

/// <summary>Section <c>machine</c>: what <see cref="SiteSettings"/> holds, and the key that backups are encrypted to.</summary>
internal sealed class SiteAnswers : IAnswerSection
{
    public string Name => "machine";

    public int Order => 5;

    public string Summary => "hostName, port, addresses, gateways, nameServers, timeServers, logServer, publicPort, sshFrom, capturePorts, mailFor, mailRelay, disk (encrypted, or unencrypted), backupKey (age1…)";

    public bool IsRequired => true;

    public AnswerStep Prepare(AnswerMap file)
    {
        var read = file.Map(Name, Read);
        return (run, cancel) => ApplyAsync(read!, run, cancel);
    }

    private static Place Read(AnswerMap map)
    {
        var site = new SiteSettings
        {
            HostName = map.Text("hostName", ""),
            Port = map.Text("port", ""),
            Addresses = map.Texts("addresses"),
            Gateways = map.Texts("gateways"),
            NameServers = map.Texts("nameServers"),
            TimeServers = map.Texts("timeServers"),
            LogServer = map.Text("logServer", ""),
            PublicPort = map.Number("publicPort", 0, 0, 65535),
            SshFrom = map.Texts("sshFrom"),
            CapturePorts = map.Texts("capturePorts"),
            MailFor = map.Texts("mailFor"),
            MailRelay = map.Text("mailRelay", ""),
            Disk = map.Text("disk", SiteSettings.Encrypted),
        };
        foreach (var (member, reason) in site.Faults())
            map.Fault(member, reason);
        var key = map.Text("backupKey", "");
        if (key.Length > 0 && !Backup.AgeProgram.IsRecipient(key))
            map.Fault("backupKey", "is no public key of age; it begins with age1 and has 62 signs");
        return new(site, key);
    }

    private static async Task ApplyAsync(Place place, AnswerRun run, CancellationToken cancel)
    {
        var data = run.Services.GetRequiredService<DataFolder>();
        place.Site.Save(data);
        await run.Output.WriteLineAsync("the machine's place is in force from the next boot");
        if (place.BackupKey.Length > 0 && await Backup.RecoveryKey.AdoptAsync(data, place.BackupKey, cancel))
            await run.Output.WriteLineAsync("backups are encrypted to the key on the card");
    }

    private sealed record Place(SiteSettings Site, string BackupKey);
}
